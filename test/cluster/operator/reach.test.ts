import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { OWN_NAMESPACE, useInstallation } from './installation.js';
import { deployment, namespace, policy, type Name } from './objects.js';
import { webhookSlice } from '../../support/webhook-slice.js';

describe('trouble on the way to pods', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  const AUTO: Name = 'OptimizationPolicy/reach/auto';

  before(async () => {
    await objects().create(namespace('reach'), deployment('reach', 'web'), policy('reach', 'auto', { mode: 'Auto' }));
  });

  it('a namespace that is not labelled: a condition says which, and how', async () => {
    const { message } = await objects().condition(AUTO, 'Applying', 'NamespacesNotLabelled');
    expect(message).to.contain('optipod.io/webhook=enabled').and.to.contain('reach');
  });

  it('no webhook that is ready: a condition, until there is one', async () => {
    await objects().patch('Namespace/reach', { metadata: { labels: { 'optipod.io/webhook': 'enabled' } } });
    await objects().condition(AUTO, 'Applying', 'WebhookNotReady');
    const slice: Name = `EndpointSlice/${OWN_NAMESPACE}/optipod-webhook-test`;
    const name = 'optipod-webhook-test';
    await objects().create(webhookSlice({ name, isReady: false }));
    await objects().evaluate(AUTO);
    await objects().condition(AUTO, 'Applying', 'WebhookNotReady');
    await objects().patch(slice, { endpoints: webhookSlice({ name }).endpoints });
    expect(await objects().condition(AUTO, 'Applying', 'ThroughWebhook')).to.include({ status: 'True' });
    await objects().patch(slice, { endpoints: [] });
    await objects().condition(AUTO, 'Applying', 'WebhookNotReady');
    await objects().remove(slice);
  });

  it('the strategy ssa: neither label nor webhook is needed', async () => {
    await objects().patch(AUTO, { spec: { updateStrategy: { strategy: 'ssa' } } });
    expect(await objects().condition(AUTO, 'Applying', 'ThroughServerSideApply')).to.include({ status: 'True' });
  });

  it('no Prometheus in the settings: a condition that names the setting', async () => {
    await installation().stopOperator();
    await installation().startOperator({ OPTIPOD_PROMETHEUS_URL: '' });
    try {
      const { message } = await objects().condition(AUTO, 'MetricsAvailable', 'ProviderNotConfigured');
      expect(message).to.contain('OPTIPOD_PROMETHEUS_URL');
    } finally {
      await installation().stopOperator();
      await installation().startOperator();
    }
  });

  it('a base URL with a path, as behind a proxy, and a slash at its end, is used as it is', async () => {
    const paths: string[] = [];
    const server = createServer(({ url = '' }, response) => {
      paths.push(url);
      response.end('{"status":"success","data":{"resultType":"matrix","result":[]}}');
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    await installation().stopOperator();
    await installation().startOperator({ OPTIPOD_PROMETHEUS_URL: `http://127.0.0.1:${port}/prometheus/` });
    try {
      await objects().condition(AUTO, 'MetricsAvailable', 'NoData');
      expect([...new Set(paths)]).to.deep.equal(['/prometheus/api/v1/query_range']);
    } finally {
      await installation().stopOperator();
      server.close();
      server.closeAllConnections();
      await installation().startOperator();
    }
  });
});
