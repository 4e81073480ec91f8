import { expect } from 'chai';
import { waitFor } from '../../kit/index.js';
import { useInstallation } from './installation.js';
import { deployment, namespace, policy, type Name } from './objects.js';

describe('trouble', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  const CALM: Name = 'OptimizationPolicy/stormy/calm';
  const web: Name = 'Deployment/stormy/web';

  before(async () => {
    await objects().create(
      namespace('stormy'),
      deployment('stormy', 'web'),
      policy('stormy', 'calm', { reconciliationInterval: '10s' }),
    );
    await objects().condition(CALM, 'MetricsAvailable', 'MetricsAvailable');
  });

  it('B-MET-10 no usage at all: a condition, and nothing is written', async () => {
    await objects().create(namespace('empty'), deployment('empty', 'web'), policy('empty', 'empty'));
    const { message } = await objects().condition('OptimizationPolicy/empty/empty', 'MetricsAvailable', 'NoData');
    expect(message).to.contain('0 of 1 workload');
    expect(await objects().said('Deployment/empty/web')).to.deep.equal({});
  });

  it('B-MET-6 too few samples: the condition says how many there are and how many are needed', async () => {
    const young = policy('calm', 'young', {
      selector: { workloadSelector: { matchLabels: { app: 'young' } } },
      metricsConfig: { rollingWindow: '40m' },
    });
    if ((await objects().api.ask('GET', '/api/v1/namespaces/calm')).code === 404)
      await objects().create(namespace('calm'));
    await objects().create(deployment('calm', 'young'), young);
    const { message } = await objects().condition(
      'OptimizationPolicy/calm/young',
      'MetricsAvailable',
      'NotEnoughSamples',
    );
    expect(message).to.match(/Deployment\/calm\/young: have [1-9] samples of cpu usage, need 10/);
    expect(await objects().said('Deployment/calm/young')).to.deep.equal({});
  });

  it('B-REC-4 usage that leads to no recommendation: the condition says why', async () => {
    const resources = { cpu: '1', memory: '1Gi' };
    const containers = [{ name: 'app', resources: { requests: resources, limits: resources } }];
    await objects().create(
      namespace('held'),
      deployment('held', 'web', { spec: { template: { spec: { containers } } } }),
      policy('held', 'held'),
    );
    const { status, message } = await objects().condition(
      'OptimizationPolicy/held/held',
      'MetricsAvailable',
      'MetricsAvailable',
    );
    expect(status).to.equal('True');
    expect(message).to.match(/^0 of 1 workload .*Deployment\/held\/web: .*Guaranteed/);
    expect(await objects().said('Deployment/held/web')).to.deep.equal({});
  });

  for (const provider of ['metrics-server', 'custom']) {
    it(`B-MET-7 the provider ${provider}, which is not configured: a condition, no other provider in its place`, async () => {
      await objects().create(policy('stormy', provider, { weight: 999, metricsConfig: { provider } }));
      const name: Name = `OptimizationPolicy/stormy/${provider}`;
      const { message } = await objects().condition(name, 'MetricsAvailable', 'ProviderNotConfigured');
      expect(message).to.contain(provider);
      expect(await objects().status(name)).to.include({ workloadsDiscovered: 1, workloadsProcessed: 0 });
      expect(await objects().said(web)).to.deep.equal({});
      await objects().remove(name);
      await objects().saying(web, 'annotated', (said) => said.policy === 'stormy/calm');
    });
  }

  it('a policy that matches nothing: a condition', async () => {
    await objects().create(policy('stormy', 'nobody', { selector: { namespaces: { allow: ['nowhere'] } } }));
    const name: Name = 'OptimizationPolicy/stormy/nobody';
    await objects().condition(name, 'WorkloadsMatched', 'NoWorkloadsMatched');
    await objects().condition(name, 'MetricsAvailable', 'NoWorkloads');
  });

  it('a workload that nobody may write to: a condition names it, and the others go on', async () => {
    const rule = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['UPDATE'], resources: ['deployments'] };
    const named = { metadata: { name: 'no-annotations' } };
    const touch = async () => {
      const path = '/apis/apps/v1/namespaces/stormy/deployments/locked?dryRun=All';
      const change = { metadata: { labels: { touched: 'yes' } } };
      return (await objects().api.ask('PATCH', path, change, 'application/merge-patch+json')).code;
    };
    const api = '/apis/admissionregistration.k8s.io/v1';
    await objects().create(deployment('stormy', 'locked', { metadata: { labels: { app: 'web', locked: 'yes' } } }));
    await objects().api.create(`${api}/validatingadmissionpolicies`, {
      ...named,
      spec: {
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression: '!("locked" in object.metadata.labels)', message: 'it is locked' }],
      },
    });
    const binding = { policyName: 'no-annotations', validationActions: ['Deny'] };
    await objects().api.create(`${api}/validatingadmissionpolicybindings`, { ...named, spec: binding });
    await waitFor('the lock', async () => ((await touch()) === 422 ? true : undefined));
    try {
      // Both are to be written.
      await objects().patch(CALM, { spec: { metricsConfig: { safetyFactor: 1.5 } } });
      await objects().saying(web, 'annotated', (said) => said['recommendation.app.cpu-request'] === '300m');
      const { message } = await objects().condition(CALM, 'Annotated', 'WriteFailed');
      expect(message).to.contain('Deployment/stormy/locked').and.to.contain('it is locked');
      expect(await objects().status(CALM)).to.include({ workloadsDiscovered: 2, workloadsProcessed: 1 });
    } finally {
      await objects().api.ask('DELETE', `${api}/validatingadmissionpolicybindings/no-annotations`);
      await objects().api.ask('DELETE', `${api}/validatingadmissionpolicies/no-annotations`);
    }
    await waitFor('the lock to be gone', async () => ((await touch()) === 200 ? true : undefined));
    await objects().patch(CALM, { spec: { metricsConfig: { safetyFactor: 1.2 } } });
    const { conditions } = await objects().settled(CALM, (status) => status.workloadsProcessed === 2);
    expect(conditions.map(({ type }) => type)).not.to.include('Annotated');
  });
});
