import { expect } from 'chai';
import { durationOf } from 'optipod/kube';
import type { ValidPolicy } from '../../../operator/cluster.js';
import { createEndpoint, type Endpoint } from '../../../operator/metrics/endpoint/endpoint.js';
import { createPrometheusProvider } from '../../../operator/metrics/prometheus/prometheus.js';
import { UsageWaits } from '../../../operator/policies/usage-waits.js';
import { readUsage } from '../../../operator/policies/usage.js';
import type { Workload } from '../../../operator/workloads/workload.js';
import { answeringServer, type AnsweringServer, type Asked } from '../../support/answering-server.js';
import { METRIC_NAMES } from '../../support/metric-names.js';
import { DAY, PODS, START, world } from './usage-world.js';

/** What the server lets anybody ask for. */
const OLDEST = START - 32 * DAY;

const numberIn = ({ parameters }: Asked, name: string) => Number(parameters.get(name));

/** Usage of the pods of web in every namespace that is asked about. */
function usageFor(asked: Asked): string {
  const query = asked.parameters.get('query') ?? '';
  const result = query.includes('kube_pod_owner') || query.includes('throttled') ? [] : ['shop', 'other'].map(series);
  function series(namespace: string) {
    const values: [number, string][] = [];
    for (let at = numberIn(asked, 'start'); at <= numberIn(asked, 'end'); at += numberIn(asked, 'step')) {
      values.push([at, query.includes('rate(') ? '0.25' : '1048576']);
    }
    return { metric: { namespace, pod: PODS[0], container: 'app' }, values };
  }
  return JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } });
}

describe('a Prometheus that refuses what is older than 32 days', () => {
  let server: AnsweringServer;
  let endpoint: Endpoint;
  let one: ReturnType<typeof world>;
  /** By policy: the namespace of what it governs, and its window. */
  let policies: Map<string, { readonly namespace: string; readonly rollingWindow: string }>;
  let isRefusing: boolean;

  beforeEach(async () => {
    isRefusing = true;
    server = await answeringServer();
    server.behave((asked, response) => {
      if (isRefusing && numberIn(asked, 'start') < OLDEST) {
        response.writeHead(422).end(JSON.stringify({ status: 'error', error: 'older than is kept' }));
      } else response.end(usageFor(asked));
    });
    endpoint = createEndpoint({ title: 'Prometheus', url: server.url, timeoutMs: 30_000, pausesMs: [1, 1] });
    const provider = createPrometheusProvider({
      endpoint,
      names: METRIC_NAMES,
      rateWindowMs: 300_000,
      stepMs: 60_000,
      settleMs: 0,
    });
    policies = new Map();
    const demand = () => {
      const windows = new Map<string, number[]>();
      for (const { namespace, rollingWindow } of policies.values()) {
        windows.set(namespace, [...(windows.get(namespace) ?? []), durationOf(rollingWindow)]);
      }
      return windows;
    };
    one = world(provider, { demand });
  });

  afterEach(async () => {
    await one.stop();
    await endpoint.close();
    await server.close();
  });

  /** Has a policy evaluated: why there is no usage, or how many days and which CPU there are. */
  async function evaluated(name: string) {
    const { namespace, rollingWindow } = policies.get(name) ?? { namespace: '', rollingWindow: '1d' };
    const policy = {
      metadata: { name },
      spec: { metricsConfig: { provider: 'prometheus', rollingWindow } },
    } as ValidPolicy;
    const workload = {
      kind: 'Deployment',
      metadata: { namespace, name: 'web' },
      pod: { containers: [{ name: 'app' }] },
    } as unknown as Workload;
    const demand = { set: () => undefined } as never;
    const access = { collectors: { prometheus: one.collector }, demand, waits: new UsageWaits() };
    await one.collector.whenCovered([namespace], durationOf(rollingWindow));
    const usage = readUsage(policy, [workload], access, { nowSeconds: START, evaluateSoon: () => undefined });
    if (!usage) throw new Error('it still waits');
    if (usage.failure) return usage.failure;
    const cpu = usage.of(workload).get('app')?.cpu;
    return { days: cpu && Math.round((cpu.to - cpu.from) / DAY), cpu: cpu?.max };
  }

  it('B-MET-3 leaves every other policy its numbers; the one that asks for more says so, and recovers when it is edited', async () => {
    policies.set('short', { namespace: 'shop', rollingWindow: '1d' });
    policies.set('long', { namespace: 'other', rollingWindow: '90d' });
    await one.start();
    expect(await evaluated('short')).to.deep.equal({ days: 1, cpu: 0.25 });
    expect(await evaluated('long'))
      .to.include({ reason: 'ProviderRefused' })
      .and.to.have.property('message')
      .that.contains('422: older than is kept');
    await one.minutes(3);
    expect(await evaluated('short')).to.deep.equal({ days: 1, cpu: 0.25 });
    policies.set('long', { namespace: 'other', rollingWindow: '7d' });
    expect(await evaluated('long')).to.deep.equal({ days: 7, cpu: 0.25 });
  });

  it('B-MET-3 leaves a policy with a shorter window in the same namespace its numbers, also after a start', async () => {
    policies.set('long', { namespace: 'shop', rollingWindow: '90d' });
    policies.set('short', { namespace: 'shop', rollingWindow: '1d' });
    await one.start();
    expect(await evaluated('long')).to.include({ reason: 'ProviderRefused' });
    expect(await evaluated('short')).to.deep.equal({ days: 1, cpu: 0.25 });
    policies.set('middle', { namespace: 'shop', rollingWindow: '7d' });
    expect(await evaluated('middle')).to.deep.equal({ days: 7, cpu: 0.25 });
    expect(await evaluated('long')).to.include({ reason: 'ProviderRefused' });
  });

  it('B-MET-3 is asked again for what it refused now and then, not whenever a policy is evaluated, and heard when it gives in', async () => {
    policies.set('short', { namespace: 'shop', rollingWindow: '1d' });
    policies.set('long', { namespace: 'other', rollingWindow: '40d' });
    await one.start();
    await evaluated('short');
    const asked = server.asked.length;
    for (let i = 0; i < 20; i += 1) await evaluated('long');
    expect(server.asked).to.have.length(asked);
    isRefusing = false;
    await one.minutes(2);
    policies.set('new', { namespace: 'shop', rollingWindow: '2d' });
    await evaluated('new');
    expect(await evaluated('long')).to.deep.equal({ days: 40, cpu: 0.25 });
  });
});
