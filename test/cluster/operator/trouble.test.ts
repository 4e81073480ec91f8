import { expect } from 'chai';
import { eventsOf, waitFor } from '../../kit/index.js';
import { useInstallation } from './installation.js';
import { deployment, namespace, policy, type Name } from './objects.js';

describe('trouble', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  const front = () => installation().front;
  const CALM: Name = 'OptimizationPolicy/stormy/calm';
  const web: Name = 'Deployment/stormy/web';
  const isAnnotated = { 'recommendation.app.cpu-request': '240m', 'recommendation.app.memory-request': '240Mi' };

  before(async () => {
    await objects().create(
      namespace('stormy'),
      deployment('stormy', 'web'),
      policy('stormy', 'calm', { reconciliationInterval: '10s' }),
    );
    await objects().condition(CALM, 'MetricsAvailable', 'MetricsAvailable');
  });

  afterEach(async () => {
    front().behave(() => 'forward');
    await front().up();
  });

  /** Has the policy evaluated, and checks that it keeps what was written, stays Ready, and says this. */
  async function complains(reason: string): Promise<string> {
    await objects().evaluate(CALM);
    const { status, message } = await objects().condition(CALM, 'MetricsAvailable', reason);
    expect(status).to.equal('False');
    expect(await objects().said(web)).to.include(isAnnotated);
    const { conditions } = await objects().status(CALM);
    expect(conditions?.find(({ type }) => type === 'Ready')).to.include({ status: 'True', reason: 'PolicyActive' });
    return message;
  }

  it('B-MET-10 Prometheus down: a condition, what was written stays, and it recovers by itself', async () => {
    await front().down();
    expect(await complains('ProviderUnreachable')).to.contain(front().url);
    await front().up();
    const { status } = await objects().condition(CALM, 'MetricsAvailable', 'MetricsAvailable');
    expect(status).to.equal('True');
  });

  it('B-OBS-2 what ceased to work, and that it works again, are Events of the policy', async () => {
    const calm = { kind: 'OptimizationPolicy', namespace: 'stormy', name: 'calm' };
    const told = await waitFor('both events', async () => {
      const events = await eventsOf(installation().cluster, calm);
      const reasons = events.map(({ type, reason }) => `${type} ${reason}`);
      const wanted = ['Warning ProviderUnreachable', 'Normal MetricsAvailable'];
      return wanted.every((one) => reasons.includes(one)) ? events : undefined;
    });
    for (const { source } of told) expect(source).to.deep.equal({ component: 'optipod' });
  });

  it('a URL that leads elsewhere: the condition tells the answer', async () => {
    front().behave(() => ({ status: 404, body: '<html>no such page</html>' }));
    expect(await complains('ProviderRefused')).to.match(/404.*no such page/);
  });

  it('a URL that leads to a web page: the condition says that this is no Prometheus', async () => {
    front().behave(() => ({ status: 200, body: '<!doctype html><title>Welcome</title>' }));
    expect(await complains('ProviderAnswerInvalid')).to.contain('Welcome');
  });

  for (const [what, body] of [
    ['nothing', ''],
    ['null', 'null'],
    ['another result', '{"status":"success","data":{"resultType":"vector","result":[]}}'],
    ['a result that is no list', '{"status":"success","data":{"resultType":"matrix","result":{}}}'],
    ['series without values', '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{}},null]}}'],
  ] as const) {
    it(`an answer that holds ${what}: a condition`, async () => {
      front().behave(() => ({ status: 200, body }));
      await complains('ProviderAnswerInvalid');
    });
  }

  it('a query that Prometheus refuses: the condition tells why', async () => {
    const body = JSON.stringify({
      status: 'error',
      errorType: 'execution',
      error: 'query processing would load too many samples',
    });
    front().behave(() => ({ status: 422, body }));
    expect(await complains('ProviderRefused')).to.contain('too many samples');
  });

  it('B-MET-3 a Prometheus that is slow does no harm', async () => {
    front().behave(() => ({ afterMs: 800 }));
    await objects().evaluate(CALM);
    await objects().condition(CALM, 'MetricsAvailable', 'MetricsAvailable');
  });

  it('B-MET-3 one that is away for a moment is asked again', async () => {
    let refusals = 0;
    front().behave(() => ((refusals += 1) <= 2 ? { status: 503, body: 'upstream is restarting' } : 'forward'));
    await waitFor('three tries', () => (refusals > 2 ? true : undefined));
    await objects().evaluate(CALM);
    await objects().condition(CALM, 'MetricsAvailable', 'MetricsAvailable');
  });

  it('B-MET-3 one that never answers is given up, and holds up no policy of another provider', async () => {
    const other = policy('labelled', 'other', { metricsConfig: { provider: 'metrics-server' } });
    await objects().create(namespace('labelled'), deployment('labelled', 'web'));
    front().behave(() => 'hang');
    const hanging = complains('ProviderUnreachable');
    await objects().create(other);
    await objects().condition('OptimizationPolicy/labelled/other', 'MetricsAvailable', 'ProviderNotConfigured');
    expect(await hanging).to.contain('no answer in time');
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
