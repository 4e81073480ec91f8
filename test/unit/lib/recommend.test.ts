import { expect } from 'chai';
import fc from 'fast-check';
import { compareQuantities, quantityOf, type PodSpec, type ResourceRequirements } from 'optipod/kube';
import { recommend, type RecommendationInput } from 'optipod/lib/recommend';
import { pool } from 'optipod/lib/usage';

const MEBI = 2 ** 20;

type Overrides = Partial<Pick<RecommendationInput, 'resource' | 'minSamples'>> & {
  values?: number[];
  resources?: ResourceRequirements;
  pod?: PodSpec;
  metrics?: Partial<RecommendationInput['spec']['metricsConfig']>;
  bounds?: Partial<RecommendationInput['spec']['resourceBounds']>;
  strategy?: Partial<RecommendationInput['spec']['updateStrategy']>;
};

/** A policy of the documents' defaults, and one container whose usage was always the same. */
function input({ resource = 'cpu', values, resources, pod, minSamples = 1, ...spec }: Overrides): RecommendationInput {
  const samples = (values ?? []).map((value, i): [number, number] => [i * 60, value]);
  return {
    resource,
    resources,
    pod: pod ?? { containers: [{ name: 'web', ...(resources ? { resources } : {}) }] },
    usage: pool([{ namespace: 'shop', pod: 'web-1', container: 'web', resource, samples }]),
    minSamples,
    spec: {
      metricsConfig: {
        provider: 'prometheus',
        rollingWindow: '24h',
        percentile: 'P90',
        safetyFactor: 1.2,
        ...spec.metrics,
      },
      resourceBounds: { cpu: { min: '100m', max: '2000m' }, memory: { min: '64Mi', max: '8Gi' }, ...spec.bounds },
      updateStrategy: {
        strategy: 'webhook',
        rolloutStrategy: 'onNextRestart',
        allowInPlaceResize: true,
        allowRecreate: false,
        updateRequestsOnly: true,
        useServerSideApply: true,
        limitConfig: { cpuLimitMultiplier: 1, memoryLimitMultiplier: 1.1 },
        allowUnsafeMemoryDecrease: false,
        gradualDecreaseConfig: {
          enabled: false,
          memoryDecreasePercentage: 10,
          minimumDecreaseThreshold: '100Mi',
          maximumTotalDecrease: 70,
        },
        ...spec.strategy,
      },
    },
  };
}

const request = (overrides: Overrides) => recommend(input(overrides)).request;

describe('recommending', () => {
  it('B-REC-1 percentile × safetyFactor, clamped to the bounds', () => {
    expect(request({ values: [0.2] })).to.equal('240m');
    expect(request({ values: [0.05] })).to.equal('100m');
    expect(request({ values: [3] })).to.equal('2');
  });

  it('B-REC-2 rounds up, but never for what floating point added', () => {
    expect(request({ values: [0.2001] })).to.equal('241m');
    expect(request({ values: [0.1], metrics: { safetyFactor: 3 } })).to.equal('300m');
    expect(request({ resource: 'memory', values: [100.1 * MEBI], metrics: { safetyFactor: 1 } })).to.equal('101Mi');
    expect(request({ resource: 'memory', values: [2048 * MEBI], metrics: { safetyFactor: 1 } })).to.equal('2Gi');
  });

  it('B-REC-2 rounds down where up would pass the upper bound; never a milli suffix on memory', () => {
    const bounds = { cpu: { min: '1m', max: '0.1005' }, memory: { min: '1000m', max: '1.5Mi' } };
    expect(request({ values: [5], bounds })).to.equal('100m');
    expect(request({ resource: 'memory', values: [5 * MEBI], bounds })).to.equal('1Mi');
  });

  it('holds where the upper bound leaves no whole unit', () => {
    const bounds = { cpu: { min: '1u', max: '10u' } };
    expect(recommend(input({ values: [1], bounds })).hold).to.include({ reason: 'BoundsTooFine' });
  });

  it('B-REC-3 limits only with updateRequestsOnly false: request × multiplier, never below the request', () => {
    const strategy = {
      updateRequestsOnly: false,
      limitConfig: { cpuLimitMultiplier: 1.5, memoryLimitMultiplier: 1.1 },
    };
    const resources = { requests: { cpu: '100m' } };
    expect(recommend(input({ values: [0.2], resources, strategy }))).to.include({ request: '240m', limit: '360m' });
    expect(recommend(input({ values: [0.2], resources }))).to.not.have.property('limit');
  });

  it('B-REC-4 a request above an untouched limit is capped at the limit, and said', () => {
    const capped = recommend(input({ values: [1], resources: { requests: { cpu: '100m' }, limits: { cpu: '500m' } } }));
    expect(capped.request).to.equal('500m');
    expect(capped.steps.at(-1)).to.deep.equal({ step: 'CappedByLimit', value: 0.5 });
    const fine = { requests: { cpu: '100u' }, limits: { cpu: '500u' } };
    expect(request({ values: [1], resources: fine })).to.equal('500u');
  });

  it('B-REC-4 Guaranteed is held with updateRequestsOnly; without, its limit equals its request', () => {
    const same = { cpu: '500m', memory: '64Mi' };
    const resources = { requests: same, limits: same };
    expect(recommend(input({ values: [0.2], resources })).hold).to.include({ reason: 'HeldByQoS' });
    const strategy = { updateRequestsOnly: false, limitConfig: { cpuLimitMultiplier: 3, memoryLimitMultiplier: 3 } };
    expect(recommend(input({ values: [0.2], resources, strategy }))).to.include({ request: '240m', limit: '240m' });
  });

  it('B-REC-4 pod-level resources are held', () => {
    const pod = { containers: [{ name: 'web' }], resources: { requests: { cpu: '1' } } };
    expect(recommend(input({ values: [0.2], pod })).hold).to.include({ reason: 'PodLevelResources' });
  });

  it('B-MET-6 fewer samples than needed is no recommendation, with "have X, need Y"', () => {
    const { hold, request: none } = recommend(input({ values: [0.2, 0.3], minSamples: 10 }));
    expect(none).to.equal(undefined);
    expect(hold).to.deep.include({ reason: 'NotEnoughSamples' });
    expect(hold?.message).to.contain('have 2').and.to.contain('need 10');
  });

  it('B-MET-10 no data is no recommendation, never the minimum', () => {
    expect(recommend(input({}))).to.deep.include({ steps: [] });
    expect(recommend(input({})).hold).to.include({ reason: 'NoData' });
  });

  it('B-REC-1 is never above the upper bound, never below the lower, and grows with percentile and factor', () => {
    const values = fc.array(fc.double({ min: 0, max: 8, noNaN: true }), { minLength: 1, maxLength: 30 });
    const factor = fc.double({ min: 1, max: 4, noNaN: true });
    fc.assert(
      fc.property(values, factor, factor, (usage, a, b) => {
        const at = (percentile: 'P50' | 'P90' | 'P99', safetyFactor: number) =>
          quantityOf(request({ values: usage, metrics: { percentile, safetyFactor } }) ?? '');
        const [low, high] = [Math.min(a, b), Math.max(a, b)] as const;
        expect(compareQuantities(at('P90', low), at('P90', high))).to.be.at.most(0);
        expect(compareQuantities(at('P50', low), at('P99', low))).to.be.at.most(0);
        expect(compareQuantities(at('P99', high), quantityOf('2'))).to.be.at.most(0);
        expect(compareQuantities(at('P50', low), quantityOf('100m'))).to.be.at.least(0);
      }),
    );
  });
});
