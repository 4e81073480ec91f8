import { expect } from 'chai';
import { treeAt } from '../../documents/tree.js';
import { waitFor } from '../../kit/index.js';
import { useInstallation } from './installation.js';
import { deployment, namespace, policy, type Name } from './objects.js';

describe('taking recommendations back', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  const web: Name = 'Deployment/plain/web';
  const POLICY: Name = 'OptimizationPolicy/plain/plain';
  const isAnnotated = (said: Readonly<Record<string, string>>) => said['recommendation.app.cpu-request'] === '240m';
  const isInjected = (said: Readonly<Record<string, string>>) => said['cpu-request.app'] === '240m';
  const isBare = (said: Readonly<Record<string, string>>) => !('managed' in said);

  before(async () => {
    await objects().create(namespace('plain'), deployment('plain', 'web', { metadata: { labels: { tier: 'front' } } }));
    await objects().create(
      policy('plain', 'plain', {
        mode: 'Auto',
        selector: { workloadSelector: { matchLabels: { tier: 'front' } } },
      }),
    );
    await objects().saying(web, 'injected', isInjected);
  });

  it('B-ANN-2 Auto says what the webhook is to inject', async () => {
    expect(await objects().said(web)).to.include({
      strategy: 'webhook',
      'webhook-enabled': 'true',
      'cpu-request.app': '240m',
      'memory-request.app': '240Mi',
      'recommendation.app.cpu-request': '240m',
      'recommendation.app.memory-request': '240Mi',
    });
  });

  it('B-ANN-2 Auto with ssa says so, and nothing to the webhook', async () => {
    await objects().patch(POLICY, { spec: { updateStrategy: { strategy: 'ssa' } } });
    const said = await objects().saying(web, 'with ssa', ({ strategy }) => strategy === 'ssa');
    expect(said).not.to.have.any.keys('webhook-enabled', 'cpu-request.app', 'memory-request.app');
    expect(said).to.include({ 'recommendation.app.cpu-request': '240m' });
    await objects().patch(POLICY, { spec: { updateStrategy: { strategy: 'webhook' } } });
    await objects().saying(web, 'injected', isInjected);
  });

  it('B-ANN-5 Auto to Recommend ends injection at once', async () => {
    await objects().patch(POLICY, { spec: { mode: 'Recommend' } });
    const said = await objects().saying(web, 'not injected', (now) => !('cpu-request.app' in now));
    expect(said).not.to.have.any.keys('strategy', 'webhook-enabled', 'memory-request.app');
    expect(said).to.include({ managed: 'true', 'recommendation.app.cpu-request': '240m' });
  });

  it('B-ANN-5 Auto to Disabled ends injection at once', async () => {
    await objects().patch(POLICY, { spec: { mode: 'Auto' } });
    await objects().saying(web, 'injected', isInjected);
    await objects().patch(POLICY, { spec: { mode: 'Disabled' } });
    expect(await objects().saying(web, 'bare', isBare)).to.deep.equal({});
    await objects().patch(POLICY, { spec: { mode: 'Auto' } });
    await objects().saying(web, 'injected', isInjected);
  });

  it('B-ANN-5 a workload that the policy no longer matches is left alone', async () => {
    await objects().patch(web, { metadata: { labels: { tier: 'back' } } });
    expect(await objects().saying(web, 'bare', isBare)).to.deep.equal({});
    await objects().patch(web, { metadata: { labels: { tier: 'front' } } });
    await objects().saying(web, 'injected', isInjected);
  });

  for (const name of [web, 'Namespace/plain'] as const) {
    it(`B-SEL-7 optipod.io/ignore on the ${String(name.split('/')[0])} keeps OptiPod away, and lasts`, async () => {
      await objects().annotate(name, { 'optipod.io/ignore': 'true' });
      await objects().saying(web, 'bare', isBare);
      await objects().evaluate(POLICY);
      expect(Object.keys(await objects().said(web)).filter((key) => key !== 'ignore')).to.deep.equal([]);
      await objects().annotate(name, { 'optipod.io/ignore': null });
      await objects().saying(web, 'injected', isInjected);
    });
  }

  it('B-SEL-7 optipod.io/ignore-containers keeps it away from those', async () => {
    await objects().annotate(web, { 'optipod.io/ignore-containers': 'other, app' });
    const said = await objects().saying(web, 'bare', isBare);
    expect(said).to.deep.equal({ 'ignore-containers': 'other, app' });
    await objects().evaluate(POLICY);
    expect(await objects().said(web)).to.deep.equal({ 'ignore-containers': 'other, app' });
    await objects().annotate(web, { 'optipod.io/ignore-containers': null });
    await objects().evaluate(POLICY);
    await objects().saying(web, 'injected', isInjected);
  });

  it('B-ANN-5 a deleted policy takes all of its annotations with it, and the ownership of them', async () => {
    await objects().remove(POLICY);
    expect(await objects().saying(web, 'bare', isBare)).to.deep.equal({});
    const managers = treeAt(await objects().get(web), 'metadata.managedFields') as { manager: string }[];
    expect(managers.map(({ manager }) => manager)).not.to.include('optipod-metadata');
  });

  it('B-ANN-3 B-ANN-5 what a workload was made with that was copied from another goes as well', async () => {
    const copy: Name = 'Deployment/plain/copy';
    const limits = (now: Readonly<Record<string, string>>) => Object.keys(now).filter((key) => key.includes('-limit'));
    await objects().create(policy('plain', 'copies', { mode: 'Auto' }));
    const said = await objects().saying(web, 'injected', isInjected);
    const annotations = Object.entries({ ...said, 'cpu-limit.app': '300m', 'ignore-containers': 'other' });
    await objects().create(
      deployment('plain', 'copy', {
        metadata: { annotations: Object.fromEntries(annotations.map(([key, value]) => [`optipod.io/${key}`, value])) },
      }),
    );
    const own = await objects().saying(copy, 'without limits', (now) => limits(now).length === 0);
    expect(own).to.include({ 'ignore-containers': 'other', 'policy-uid': said['policy-uid'] });
    await objects().remove('OptimizationPolicy/plain/copies');
    expect(await objects().saying(copy, 'bare', isBare)).to.deep.equal({ 'ignore-containers': 'other' });
    const managers = treeAt(await objects().get(copy), 'metadata.managedFields') as { manager: string }[];
    expect(managers.map(({ manager }) => manager)).not.to.include('optipod-metadata');
    await objects().saying(web, 'bare', isBare);
    await objects().remove(copy);
  });

  it('B-ANN-5 a dead operator blocks no deletion; what it left is swept when it starts again', async () => {
    await objects().create(namespace('leaving'), policy('plain', 'other', { mode: 'Auto' }));
    await objects().create(policy('leaving', 'leaving'));
    await objects().settled('OptimizationPolicy/leaving/leaving');
    await objects().saying(web, 'injected', isInjected);
    await installation().stopOperator();
    try {
      await objects().remove('OptimizationPolicy/plain/other');
      await objects().remove('Namespace/leaving');
      const isGone = async (path: string) => ((await objects().api.ask('GET', path)).code === 404 ? true : undefined);
      await waitFor('the policy to be gone', () =>
        isGone('/apis/optipod.io/v1alpha1/namespaces/plain/optimizationpolicies/other'),
      );
      await waitFor('the namespace to be gone', () => isGone('/api/v1/namespaces/leaving'));
      expect(isAnnotated(await objects().said(web))).to.equal(true);
    } finally {
      await installation().startOperator();
    }
    expect(await objects().saying(web, 'bare', isBare)).to.deep.equal({});
  });
});
