import { expect } from 'chai';
import { waitFor } from '../../kit/index.js';
import { OWN_NAMESPACE, useInstallation } from './installation.js';
import { deployment, namespace, policy, type Name } from './objects.js';
import { webhookSlice } from '../../support/webhook-slice.js';

/** The containers of a Deployment whose one container says what it requests, and what its limits are. */
const resources = (requests: object, limits: object = {}) => ({
  spec: { template: { spec: { containers: [{ name: 'app', resources: { requests, limits } }] } } },
});

describe('kubectl tells a newcomer why a number is what it is', function () {
  this.timeout(60_000);
  // Before the installation's own, which may stop it.
  after(() => objects().remove(slice));
  const installation = useInstallation();
  const objects = () => installation().objects;
  const slice: Name = `EndpointSlice/${OWN_NAMESPACE}/optipod-webhook-newcomer`;

  before(async () => {
    await objects().create(
      webhookSlice({ name: 'optipod-webhook-newcomer' }),
      namespace('newcomer', { labels: { 'optipod.io/webhook': 'enabled' } }),
      deployment('newcomer', 'web'),
      deployment('newcomer', 'capped', resources({ cpu: '100m', memory: '128Mi' }, { cpu: '200m', memory: '220Mi' })),
      deployment('newcomer', 'young'),
      policy('newcomer', 'all', { mode: 'Auto' }),
    );
    await objects().condition('OptimizationPolicy/newcomer/all', 'Applying', 'ThroughWebhook');
    await waitFor('three rows', async () => ((await rows()).length === 3 ? true : undefined));
  });

  async function kubectl(...args: readonly string[]): Promise<string> {
    return (await installation().cluster.kubectl([...args])).stdout;
  }

  /** Of `kubectl get wrec -A`, the cells of those of this namespace. */
  async function rows(): Promise<string[][]> {
    const lines = (await kubectl('get', 'wrec', '-A')).trim().split('\n');
    return lines.filter((line) => line.startsWith('newcomer ')).map((line) => line.trim().split(/ {2,}/));
  }

  /** What `kubectl describe` says, without its indentation. */
  const told = async (name: string) =>
    (await kubectl('describe', 'wrec', `deployment-${name}`, '-n', 'newcomer'))
      .split('\n')
      .map((line) => line.trim().replaceAll(/ +/g, ' '));

  /** The steps of a resource, each as its message, name and value. */
  function stepsOf(lines: readonly string[], resource: 'Cpu' | 'Memory'): string[] {
    const from = lines.indexOf('Steps:', lines.lastIndexOf('Containers:')) + 1;
    const start = resource === 'Cpu' ? from : lines.indexOf('Steps:', from) + 1;
    return lines.slice(
      start,
      lines.findIndex((line, index) => index > start && line.startsWith('To: ')),
    );
  }

  it('B-OBS-1 in a table: what is requested, what is recommended, what becomes of it and why', async () => {
    const cells = (await rows()).map((row) => row.slice(1, -1));
    expect(cells.sort()).to.deep.equal([
      // One unit below the limit, or the pod would become Guaranteed.
      ['deployment-capped', 'Deployment/capped', '100m -> 199m', '128Mi -> 220Mi', 'Applied', 'CappedByLimit'],
      ['deployment-web', 'Deployment/web', '500m -> 240m', '512Mi -> 240Mi', 'Applied', 'ThroughWebhook'],
      ['deployment-young', 'Deployment/young', '500m -> ?', '512Mi -> ?', 'Held', 'NotEnoughSamples'],
    ]);
  });

  it('B-REC-8 what is applied: samples, percentile, factor and rounding, and how pods get it', async () => {
    const lines = await told('web');
    const [samples, ...steps] = stepsOf(lines, 'Memory');
    expect(samples).to.match(/^Message: \d+ samples of all pods, at \d+ instants over \d/);
    expect(steps).to.deep.equal([
      ...['Step: Samples'],
      ...['Message: 90% of the samples are at or below this (metricsConfig.percentile is P90)', 'Step: Percentile'],
      ...['Value: 200Mi', 'Message: times metricsConfig.safetyFactor, 1.2', 'Step: SafetyFactor', 'Value: 240Mi'],
      ...['Message: in whole mebibytes', 'Step: Rounding', 'Value: 240Mi'],
    ]);
    expect(lines).to.include.members(['Message: 2 of 2 amounts have a recommendation', 'Reason: ThroughWebhook']);
    expect(lines).to.include('Message: new pods get what is recommended');
  });

  it('B-REC-4 what is capped by a limit: how much is wanted, the limit, and what leaves it there', async () => {
    const lines = await told('capped');
    expect(stepsOf(lines, 'Memory').slice(-3)).to.deep.equal([
      'Message: 240Mi is wanted, but a request cannot be above its limit, and updateRequestsOnly leaves the limit at 220Mi',
      'Step: CappedByLimit',
      'Value: 220Mi',
    ]);
    expect(stepsOf(lines, 'Cpu').slice(-3)).to.deep.equal([
      'Message: one unit below the limit: with every request at its limit the QoS class of the pod would become Guaranteed',
      'Step: KeptBurstable',
      'Value: 199m',
    ]);
    expect(lines.join('\n')).to.include('app memory: more is wanted than the limit allows');
  });

  it('B-MET-6 what has too few samples: how many there are, and how many it takes', async () => {
    const lines = await told('young');
    expect(lines.join('\n')).to.match(
      /Hold:\nMessage: have \d samples of memory usage, need 10\nReason: NotEnoughSamples\n/,
    );
    expect(lines.join('\n')).to.match(/Message: nothing is applied; app cpu: have \d samples of cpu usage, need 10 /);
  });
});
