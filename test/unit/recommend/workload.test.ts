import { expect } from 'chai';
import type { LimitRange, PodSpec, ResourceQuota } from 'optipod/kube';
import { writeAnnotations } from 'optipod/lib/api';
import {
  quotaHeadroom,
  freshRecommendations,
  holdsOf,
  recommendWorkload,
  type WorkloadInput,
} from 'optipod/lib/recommend';
import type { ContainerUsage } from 'optipod/lib/usage';
import { policyOf } from '../lib/policies.js';
import { MEBI, NOW, usageOf } from './inputs.js';

const cpu = (cores: number): ContainerUsage => ({ cpu: usageOf('cpu', [cores]) });
const both = (cores: number, mebibytes: number): ContainerUsage => ({
  ...cpu(cores),
  memory: usageOf('memory', [mebibytes * MEBI]),
});

function workload(
  pod: PodSpec,
  usage: Readonly<Record<string, ContainerUsage>>,
  {
    strategy = {},
    metrics = { safetyFactor: 1 },
    ...rest
  }: Partial<WorkloadInput> & { strategy?: object; metrics?: object } = {},
) {
  return recommendWorkload({
    policy: policyOf({ updateStrategy: strategy, metricsConfig: { provider: 'prometheus', ...metrics } }),
    workload: { metadata: {}, pod },
    usage: new Map(Object.entries(usage)),
    minSamples: 10,
    now: NOW,
    settings: { memoryHeadroom: 0, minChange: 0.05, staleAfter: 900 },
    ...rest,
  });
}

const fresh = (...given: Parameters<typeof workload>) =>
  Object.fromEntries(freshRecommendations(workload(...given)).containers);
const reasons = (...given: Parameters<typeof workload>) => holdsOf(workload(...given)).map(({ reason }) => reason);

const limitRange = (item: object): LimitRange => ({
  metadata: { name: 'sizes', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: { limits: [{ type: 'Container', ...item }] },
});

const web = (resources: object): PodSpec => ({ containers: [{ name: 'web', resources }] });

describe('recommending a workload', () => {
  it('B-MET-10 a container without data does not stop its siblings', () => {
    const pod = { containers: [{ name: 'web' }, { name: 'side' }] };
    expect(fresh(pod, { web: cpu(0.3) })).to.deep.equal({ web: { requests: { cpu: '300m' } } });
    expect(workload(pod, { web: cpu(0.3) }).containers.map(({ name }) => name)).to.deep.equal(['web', 'side']);
  });

  it('B-SEL-7 B-APP-12 leaves out ignored containers and ordinary init containers, not sidecars', () => {
    const pod = {
      containers: [{ name: 'web' }, { name: 'agent' }],
      initContainers: [{ name: 'setup' }, { name: 'proxy', restartPolicy: 'Always' }],
    };
    const metadata = { annotations: { 'optipod.io/ignore-containers': 'agent' } };
    const result = workload(pod, {}, { workload: { metadata, pod } });
    expect(result.containers.map(({ name }) => name)).to.deep.equal(['web', 'proxy']);
  });

  it('B-REC-4 a Burstable pod whose requests all reach their limits stays Burstable', () => {
    const pod = web({ requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '500m', memory: '256Mi' } });
    const used = { web: both(1, 300) };
    expect(fresh(pod, used)).to.deep.equal({ web: { requests: { cpu: '499m', memory: '256Mi' } } });
    const strategy = { updateRequestsOnly: false, limitConfig: { memoryLimitMultiplier: 1 } };
    const limited = fresh(pod, used, { strategy });
    expect(limited.web?.requests).to.deep.equal({ cpu: '1', memory: '300Mi' });
    expect(limited.web?.limits).to.deep.equal({ cpu: '1001m', memory: '300Mi' });
  });

  it('B-REC-4 says each time why it stays a unit below, and not that the unit is too small a change', () => {
    const pod = web({ requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '200m', memory: '256Mi' } });
    const strategies = [
      {},
      { updateRequestsOnly: false, limitConfig: { cpuLimitMultiplier: 1, memoryLimitMultiplier: 1 } },
    ];
    for (const strategy of strategies) {
      const first = workload(pod, { web: both(0.3, 300) }, { strategy });
      expect(first.containers[0]?.cpu.steps.at(-1)).to.include({ step: 'KeptBurstable' });
      const annotations = writeAnnotations({
        policy: { namespace: 'default', name: 'web', uid: 'uid-web' },
        lastRecommendation: '2026-01-28T10:30:00Z',
        strategy: 'webhook',
        containers: freshRecommendations(first).containers,
      });
      const again = workload(pod, { web: both(0.3, 300) }, { strategy, workload: { metadata: { annotations }, pod } });
      expect(again.containers[0]?.cpu).to.deep.equal(first.containers[0]?.cpu);
    }
  });

  it('B-REC-4 stays Burstable also next to what was written before', () => {
    const pod = web({ requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '500m', memory: '256Mi' } });
    const annotations = { 'optipod.io/policy-uid': 'uid-web', 'optipod.io/recommendation.web.cpu-request': '500m' };
    const result = fresh(
      pod,
      { web: { memory: usageOf('memory', [300 * MEBI]) } },
      { workload: { metadata: { annotations }, pod } },
    );
    expect(result).to.deep.equal({ web: { requests: { memory: '255Mi' } } });
  });

  it('a LimitRange clamps requests and limits, and its defaults are what a container has', () => {
    const between = (item: object) => ({ constraints: { limitRanges: [limitRange(item)] } });
    const pod = web({ requests: { cpu: '300m' }, limits: { cpu: '600m' } });
    expect(fresh(pod, { web: cpu(0.05) }, between({ min: { cpu: '150m' } }))).to.deep.equal({
      web: { requests: { cpu: '150m' } },
    });
    expect(fresh(pod, { web: cpu(0.05) }, between({ maxLimitRequestRatio: { cpu: '4' } }))).to.deep.equal({
      web: { requests: { cpu: '150m' } },
    });
    const strategy = { updateRequestsOnly: false, limitConfig: { cpuLimitMultiplier: 4 } };
    expect(fresh(pod, { web: cpu(0.2) }, { strategy, ...between({ max: { cpu: '700m' } }) })).to.deep.equal({
      web: { requests: { cpu: '200m' }, limits: { cpu: '700m' } },
    });
    const plain = { containers: [{ name: 'web' }] };
    const given = between({ default: { cpu: '200m' }, defaultRequest: { cpu: '50m' } });
    expect(fresh(plain, { web: cpu(1) }, given)).to.deep.equal({ web: { requests: { cpu: '200m' } } });
  });

  it('a LimitRange that cannot be kept to within the bounds, or one of whole pods, holds', () => {
    const pod = web({ requests: { cpu: '300m' }, limits: { cpu: '9' } });
    const min = { limitRanges: [limitRange({ min: { cpu: '5' } })] };
    expect(
      reasons(web({ requests: { cpu: '6' }, limits: { cpu: '9' } }), { web: cpu(0.2) }, { constraints: min }),
    ).to.include('LimitRange');
    const whole = { limitRanges: [limitRange({ type: 'Pod', max: { cpu: '9' } })] };
    const two = { containers: [...pod.containers, { ...pod.containers[0], name: 'b', resources: {} }] } as PodSpec;
    expect(reasons(two, { b: cpu(0.2) }, { strategy: { updateRequestsOnly: false }, constraints: whole })).to.include(
      'LimitRange',
    );
  });

  it('what no node has room for is clamped for a container and held for a pod', () => {
    const largestNode = { cpu: 3 };
    const pod = web({ requests: { cpu: '100m' } });
    expect(fresh(pod, { web: cpu(3.5) }, { constraints: { largestNode } })).to.deep.equal({
      web: { requests: { cpu: '3' } },
    });
    const two = { containers: [{ name: 'a' }, { name: 'b' }] };
    expect(
      reasons(two, { a: cpu(2), b: cpu(2) }, { constraints: { largestNode } }).filter((one) => one === 'LargestNode'),
    ).to.have.lengthOf(2);
  });

  const quota = (hard: object, used: object, spec: object = {}): ResourceQuota => ({
    metadata: { name: 'team', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    spec,
    status: { hard: { ...hard }, used: { ...used } },
  });

  it('a ResourceQuota without head-room for all replicas holds its resource, and only an increase', () => {
    const pod = web({ requests: { cpu: '100m', memory: '64Mi' } });
    const headroom = quotaHeadroom([quota({ 'requests.cpu': '1' }, { 'requests.cpu': '400m' })], pod);
    expect(headroom).to.deep.equal([{ quota: 'team', resource: 'cpu', field: 'requests', left: 0.6 }]);
    const given = (replicas: number) => ({ constraints: { quotaHeadroom: headroom, replicas } });
    expect(fresh(pod, { web: both(0.3, 200) }, given(3))).to.deep.equal({
      web: { requests: { cpu: '300m', memory: '200Mi' } },
    });
    const [hold] = holdsOf(workload(pod, { web: both(0.3, 200) }, given(4)));
    expect(hold).to.deep.equal({
      reason: 'QuotaExceeded',
      message: '4 pods would need 800m more of requests.cpu, and the ResourceQuota team has 600m left',
    });
    expect(fresh(pod, { web: both(0.05, 200) }, given(100)).web?.requests).to.deep.include({ cpu: '50m' });
  });

  it('B-REC-4 a BestEffort pod is given nothing where a quota would then refuse it, and it says why', () => {
    const pod: PodSpec = { containers: [{ name: 'app' }], initContainers: [{ name: 'migrate' }] };
    const given = (hard: object, rest: Parameters<typeof workload>[2] = {}, of = pod) => {
      const scoped = quota(hard, {}, { scopes: ['NotBestEffort'] });
      return workload(
        of,
        { app: both(0.3, 200) },
        { ...rest, constraints: { quotaHeadroom: quotaHeadroom([scoped], of) } },
      );
    };
    expect(holdsOf(given({ 'limits.memory': '20Gi' }))[0]).to.deep.equal({
      reason: 'QuotaExceeded',
      message:
        'the pod would count for the ResourceQuota team, which wants limits.memory of every container: app, migrate would have none',
    });
    expect(freshRecommendations(given({ 'limits.memory': '20Gi' })).containers.size).to.equal(0);
    const alone: PodSpec = { containers: [{ name: 'app' }] };
    expect(holdsOf(given({ 'requests.cpu': '10' }))[0]?.message).to.contain('migrate would have none');
    expect(holdsOf(given({ cpu: '10', 'requests.memory': '20Gi', pods: '9' }, {}, alone))).to.deep.equal([]);
    const limited = { strategy: { updateRequestsOnly: false } };
    expect(holdsOf(given({ 'limits.memory': '20Gi' }, limited, alone))).to.deep.equal([]);
    const burstable: PodSpec = { containers: [{ name: 'app', resources: { requests: { cpu: '1' } } }] };
    expect(holdsOf(given({ 'limits.memory': '20Gi' }, {}, burstable))).to.deep.equal([]);
  });

  it('B-REC-4 B-ANN-2 a quota that comes later holds also what stands: pods are not given it while it is there', () => {
    const pod: PodSpec = { containers: [{ name: 'app' }] };
    const annotations = writeAnnotations({
      policy: { namespace: 'default', name: 'web', uid: 'uid-web' },
      lastRecommendation: '2026-01-28T10:30:00Z',
      strategy: 'webhook',
      containers: new Map([['app', { requests: { cpu: '301m', memory: '200Mi' } }]]),
    });
    const headroom = quotaHeadroom([quota({ 'limits.cpu': '9' }, {}, { scopes: ['NotBestEffort'] })], pod);
    const rest = { workload: { metadata: { annotations }, pod }, constraints: { quotaHeadroom: headroom } };
    expect(reasons(pod, { app: both(0.3, 200) }, rest)).to.deep.equal(['QuotaExceeded', 'QuotaExceeded']);
  });

  it('a ResourceQuota counts by its scopes; `cpu` and `memory` are requests', () => {
    const left = (spec: object, priorityClassName?: string) =>
      quotaHeadroom([quota({ cpu: '1', 'limits.memory': '1Gi', pods: '3' }, {}, spec)], {
        containers: [],
        ...(priorityClassName ? { priorityClassName } : {}),
      }).map(({ resource, field }) => `${field}.${resource}`);
    const counted = ['requests.cpu', 'limits.memory'];
    expect(left({})).to.deep.equal(counted);
    expect(left({ scopes: ['NotTerminating', 'NotBestEffort'] })).to.deep.equal(counted);
    for (const scope of ['Terminating', 'BestEffort', 'PriorityClass', 'CrossNamespacePodAffinity'])
      expect(left({ scopes: [scope] }), scope).to.deep.equal([]);
    const priority = (operator: string, values?: string[]) => ({
      scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, ...(values ? { values } : {}) }] },
    });
    expect(left(priority('In', ['high']), 'high')).to.deep.equal(counted);
    expect(left(priority('In', ['high']), 'low')).to.deep.equal([]);
    expect(left(priority('NotIn', ['high']))).to.deep.equal(counted);
    expect(left(priority('DoesNotExist'), 'low')).to.deep.equal([]);
    expect(left(priority('Exists'), 'low')).to.deep.equal(counted);
  });
});
