import { expect } from 'chai';
import fc from 'fast-check';
import {
  compareQuantities,
  parseQuantity,
  quantityOf,
  type Container,
  type PodSpec,
  type ResourceRequirements,
} from 'optipod/kube';
import { admittedPod, limitRangeViolation, qosClass, resizableContainers } from 'optipod/lib/pod';
import {
  annotationsFor,
  freshRecommendations,
  recommend,
  recommendWorkload,
  type WorkloadInput,
} from 'optipod/lib/recommend';
import { pool, type ContainerUsage, type PodSeries } from 'optipod/lib/usage';
import { tries } from '../../support/tries.js';
import { policyOf } from '../lib/policies.js';
import { input, MEBI, NOW, type Given } from './inputs.js';

/** Samples of a few pods over a day: instants and amounts. */
const series = (resource: 'cpu' | 'memory', most: number): fc.Arbitrary<PodSeries[]> =>
  fc
    .array(fc.array(fc.double({ min: most / 1e6, max: most, noNaN: true }), { minLength: 25, maxLength: 40 }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((pods) =>
      pods.map((values, i) => ({
        namespace: 'shop',
        pod: `web-${String(i)}`,
        container: 'web',
        resource,
        samples: values.map((value, k): [number, number] => [NOW - (k * 86_400) / (values.length - 1), value]),
      })),
    );

const usage = fc
  .record({
    cpu: fc.option(series('cpu', 6), { nil: undefined }),
    memory: fc.option(series('memory', 2 ** 34), { nil: undefined }),
    peak: fc.option(fc.integer({ min: 1, max: 2 ** 34 }), { nil: undefined }),
    oomKill: fc.option(fc.integer({ min: MEBI, max: 2 ** 33 }), { nil: undefined }),
    throttledShare: fc.double({ min: 0, max: 0.3, noNaN: true }),
  })
  .map(({ cpu, memory, peak, oomKill, throttledShare }): ContainerUsage => {
    const [ofCpu, ofMemory] = [pool(cpu ?? []), pool(memory ?? [])];
    return {
      ...(ofCpu ? { cpu: ofCpu } : {}),
      ...(ofMemory ? { memory: ofMemory } : {}),
      ...(peak === undefined ? {} : { memoryPeak: { bytes: peak, at: NOW } }),
      ...(oomKill === undefined ? {} : { oomKill: { pod: 'web-0', at: NOW, bytes: oomKill } }),
      throttledShare,
    };
  });

/** What kube-apiserver would accept of a container: no request above its limit. */
const amounts = fc
  .record({
    cpu: fc.constantFrom(undefined, '100m', '0.5', '1', '1500m', '300u'),
    cpuMore: fc.constantFrom(undefined, 1, 2, 7),
    memory: fc.constantFrom(undefined, '64Mi', '1G', '100000', '2Gi'),
    memoryMore: fc.constantFrom(undefined, 1, 3),
    limitOnly: fc.boolean(),
  })
  .map(({ cpu, cpuMore, memory, memoryMore, limitOnly }): ResourceRequirements => {
    const times = (amount: string, factor: number) => `${String(quantityOf(amount).nanos * BigInt(factor))}n`;
    const limits = {
      ...(cpu !== undefined && cpuMore !== undefined ? { cpu: times(cpu, cpuMore) } : {}),
      ...(memory !== undefined && memoryMore !== undefined ? { memory: times(memory, memoryMore) } : {}),
    };
    const requests = limitOnly
      ? {}
      : { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) };
    return { requests, limits };
  });

const pod: fc.Arbitrary<PodSpec> = fc
  .tuple(fc.array(amounts, { minLength: 1, maxLength: 3 }), fc.array(fc.tuple(amounts, fc.boolean()), { maxLength: 2 }))
  .map(([containers, inits]) => ({
    containers: containers.map((resources, i) => ({ name: `c${String(i)}`, resources })),
    initContainers: inits.map(([resources, isSidecar], i) => ({
      name: `i${String(i)}`,
      resources,
      ...(isSidecar ? { restartPolicy: 'Always' } : {}),
    })),
  }));

const spec = fc
  .record({
    mode: fc.constantFrom('Auto', 'Recommend'),
    percentile: fc.constantFrom('P50', 'P90', 'P99'),
    safetyFactor: fc.constantFrom(1, 1.2, 3),
    strategy: fc.constantFrom('webhook', 'ssa'),
    updateRequestsOnly: fc.boolean(),
    cpuLimitMultiplier: fc.constantFrom(1, 1.5, 10),
    memoryLimitMultiplier: fc.constantFrom(1, 1.1),
    allowUnsafeMemoryDecrease: fc.boolean(),
    enabled: fc.boolean(),
    bounds: fc.constantFrom(
      { cpu: { min: '10m', max: '4' }, memory: { min: '16Mi', max: '4Gi' } },
      { cpu: { min: '1m', max: '300m' }, memory: { min: '100k', max: '1.5Gi' } },
    ),
  })
  .map(
    ({ mode, percentile, safetyFactor, cpuLimitMultiplier, memoryLimitMultiplier, enabled, bounds, ...strategy }) => ({
      mode,
      metricsConfig: { provider: 'prometheus', percentile, safetyFactor },
      resourceBounds: bounds,
      updateStrategy: {
        ...strategy,
        limitConfig: { cpuLimitMultiplier, memoryLimitMultiplier },
        gradualDecreaseConfig: { enabled },
      },
    }),
  );

const settings = { memoryHeadroom: 0.15, minChange: 0.05, staleAfter: 900 };

interface World {
  readonly spec: object;
  readonly pod: PodSpec;
  readonly usage: ContainerUsage;
}
const world: fc.Arbitrary<World> = fc.record({ spec, pod, usage }, { noNullPrototype: true });

/** Every container uses the same. */
function of({ spec: policySpec, pod: template, usage: used }: World, more: Partial<WorkloadInput> = {}): WorkloadInput {
  const names = [...template.containers, ...(template.initContainers ?? [])].map(({ name }) => name);
  return {
    policy: policyOf(policySpec),
    workload: { metadata: {}, pod: template },
    usage: new Map(names.map((name) => [name, used])),
    minSamples: 10,
    now: NOW,
    settings,
    ...more,
  };
}

/** The pod that kube-apiserver and the webhook make of the template: a missing request is the limit. */
function born(template: PodSpec, recommended: ReadonlyMap<string, ResourceRequirements>): PodSpec {
  const one = (container: Container): Container => {
    const { requests, limits } = container.resources ?? {};
    const now = recommended.get(container.name);
    return {
      ...container,
      resources: { requests: { ...limits, ...requests, ...now?.requests }, limits: { ...limits, ...now?.limits } },
    };
  };
  return { containers: template.containers.map(one), initContainers: (template.initContainers ?? []).map(one) };
}

const request = (given: Given) => quantityOf(recommend(input(given)).request ?? '');

describe('the laws of recommending', () => {
  const values = fc.array(fc.double({ min: 0.001, max: 8, noNaN: true }), { minLength: 1, maxLength: 30 });

  it('B-REC-1 grows with percentile and factor, within the bounds', () => {
    const factor = fc.double({ min: 1, max: 4, noNaN: true });
    fc.assert(
      fc.property(
        values,
        factor,
        factor,
        fc.option(fc.constantFrom('150m', '1', '1900m'), { nil: undefined }),
        (used, a, b, cpu) => {
          const resources = cpu === undefined ? {} : { resources: { requests: { cpu } } };
          const at = (percentile: 'P50' | 'P90' | 'P99', safetyFactor: number) =>
            request({ values: used, metrics: { percentile, safetyFactor }, ...resources });
          const [low, high] = [Math.min(a, b), Math.max(a, b)] as const;
          expect(compareQuantities(at('P90', low), at('P90', high))).to.be.at.most(0);
          expect(compareQuantities(at('P50', low), at('P90', low))).to.be.at.most(0);
          expect(compareQuantities(at('P90', low), at('P99', low))).to.be.at.most(0);
          expect(compareQuantities(at('P99', high), quantityOf('2'))).to.be.at.most(0);
          expect(compareQuantities(at('P50', low), quantityOf('100m'))).to.be.at.least(0);
        },
      ),
    );
  });

  it('B-REC-1 twice the usage is twice the recommendation, but for rounding up', () => {
    const bounds = { cpu: { min: '1m', max: '1000' } };
    fc.assert(
      fc.property(values, fc.integer({ min: 2, max: 20 }), (used, times) => {
        const milli = (amounts: number[]) => Number(request({ values: amounts, bounds }).nanos) / 1e6;
        const [once, scaled] = [milli(used), milli(used.map((value) => value * times))];
        expect(scaled).to.be.at.most(once * times);
        expect(scaled).to.be.above((once - 1) * times - 1e-6);
      }),
    );
  });

  it('B-REC-1 whatever order pods and samples come in, it is the same', () => {
    const shuffled = series('cpu', 6).chain((pods) =>
      fc.tuple(fc.constant(pods), fc.shuffledSubarray(pods, { minLength: pods.length, maxLength: pods.length })),
    );
    fc.assert(
      fc.property(shuffled, ([pods, others]) => {
        const of1 = recommend(input({ usage: withCpu(pods) }));
        const of2 = recommend(
          input({ usage: withCpu(others.map((one) => ({ ...one, samples: [...one.samples].reverse() }))) }),
        );
        expect(of2).to.deep.equal(of1);
      }),
    );
  });

  it('B-MET-10 there is never a recommendation from nothing', () => {
    fc.assert(
      fc.property(world, fc.constantFrom('cpu', 'memory'), (given, missing) => {
        const { [missing]: _, ...rest } = given.usage;
        for (const container of recommendWorkload(of({ ...given, usage: rest })).containers) {
          expect(container[missing]).not.to.have.property('request');
          expect(container[missing].hold).to.include({ reason: 'NoData' });
        }
      }),
    );
  });

  it('B-REC-4 the result is always a valid pod of the same class; BestEffort becomes Burstable', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { containers } = freshRecommendations(recommendWorkload(of(given)));
        const [before, after] = [born(given.pod, new Map()), born(given.pod, containers)];
        for (const { container } of resizableContainers(after)) {
          for (const resource of ['cpu', 'memory']) {
            const limit = parseQuantity(container.resources?.limits?.[resource] ?? '');
            const asked = parseQuantity(container.resources?.requests?.[resource] ?? '');
            if (limit && asked) expect(compareQuantities(asked, limit)).to.be.at.most(0);
          }
        }
        if (containers.size === 0) return;
        expect(qosClass(after)).to.equal(qosClass(before) === 'Guaranteed' ? 'Guaranteed' : 'Burstable');
      }),
      tries(150),
    );
  });

  it('B-REC-1 no request that is written passes the upper bound', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { policy, ...rest } = of(given);
        for (const { requests = {} } of freshRecommendations(
          recommendWorkload({ policy, ...rest }),
        ).containers.values()) {
          for (const resource of ['cpu', 'memory'] as const) {
            const asked = requests[resource];
            if (asked === undefined) continue;
            const most = quantityOf(policy.spec.resourceBounds[resource].max);
            expect(compareQuantities(quantityOf(asked), most)).to.be.at.most(0);
          }
        }
      }),
    );
  });

  it('B-REC-5 no memory limit that is written is below the floor, but where that is more than there was', () => {
    fc.assert(
      fc.property(world, (given) => {
        const { policy, ...rest } = of(given);
        if (policy.spec.updateStrategy.allowUnsafeMemoryDecrease) return;
        const { memory, memoryPeak, oomKill } = given.usage;
        const floor = Math.max(memory?.max ?? 0, memoryPeak?.bytes ?? 0, oomKill?.bytes ?? 0) * 1.15;
        for (const [name, { limits }] of freshRecommendations(recommendWorkload({ policy, ...rest })).containers) {
          if (limits?.memory === undefined) continue;
          const limit = Number(quantityOf(limits.memory).nanos) / 1e9;
          const own = [...given.pod.containers, ...(given.pod.initContainers ?? [])].find((one) => one.name === name);
          const before = Number(parseQuantity(own?.resources?.limits?.memory ?? '')?.nanos ?? 0n) / 1e9;
          expect(limit).to.be.at.least(before > 0 ? Math.min(floor, before) : floor * 0.999);
        }
      }),
    );
  });

  it('what is written breaks no LimitRange that the pod keeps to', () => {
    const amount = fc.constantFrom('50m', '200m', '1', '3');
    const item = fc.record(
      {
        min: fc.record({ cpu: amount, memory: fc.constantFrom('32Mi', '1Gi') }),
        max: fc.record({ cpu: amount, memory: fc.constantFrom('128Mi', '4Gi') }),
        maxLimitRequestRatio: fc.record({ cpu: fc.constantFrom('1', '3'), memory: fc.constantFrom('1500m', '4') }),
        default: fc.record({ cpu: amount }),
        defaultRequest: fc.record({ cpu: fc.constantFrom('50m', '200m') }),
        type: fc.constantFrom('Container', 'Pod'),
      },
      { requiredKeys: ['type'], noNullPrototype: true },
    );
    fc.assert(
      fc.property(world, fc.array(item, { minLength: 1, maxLength: 2 }), (given, limits) => {
        const metadata = { name: 'sizes', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
        const limitRanges = [{ metadata, spec: { limits } }];
        const before = admittedPod(given.pod, limitRanges);
        const { containers } = freshRecommendations(recommendWorkload(of(given, { constraints: { limitRanges } })));
        expect(limitRangeViolation(before, born(before, containers), limitRanges)).to.equal(false);
      }),
      tries(150),
    );
  });

  it('B-REC-7 recommending again from the outcome changes nothing', () => {
    fc.assert(
      fc.property(world, (given) => {
        const first = of(given);
        const once = recommendWorkload(first);
        const annotations = annotationsFor({ ...first, fresh: freshRecommendations(once) });
        const gradual = new Map(
          once.containers.flatMap(({ name, memory }) => (memory.gradual ? [[name, memory.gradual]] : [])),
        );
        const again = { ...first, workload: { ...first.workload, metadata: { annotations } }, gradual };
        const twice = recommendWorkload(again);
        const said = annotationsFor({ ...again, fresh: freshRecommendations(twice) });
        expect(said).to.deep.equal(annotations);
        expect(twice.containers.map(({ memory }) => memory.gradual)).to.deep.equal(
          once.containers.map(({ memory }) => memory.gradual),
        );
      }),
      tries(150),
    );
  });
});

function withCpu(pods: readonly PodSeries[]): ContainerUsage {
  const cpu = pool(pods);
  return cpu ? { cpu } : {};
}
