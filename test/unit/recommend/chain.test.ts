import { expect } from 'chai';
import { recommended, MEBI, NOW, told, usageByPod, usageOf, type Given } from './inputs.js';

const request = (given: Given) => recommended(given).request;
const memory = (given: Given) =>
  recommended({ resource: 'memory', metrics: { safetyFactor: 1 }, settings: { memoryHeadroom: 0 }, ...given });

describe('recommending one resource', () => {
  it('B-REC-1 percentile × safetyFactor, clamped to the bounds: 200m × 1.2 = 240m, 50m -> 100m, 3000m -> 2000m', () => {
    expect(request({ values: [0.2] })).to.equal('240m');
    expect(request({ values: [0.05] })).to.equal('100m');
    expect(request({ values: [3] })).to.equal('2');
  });

  it('B-REC-1 the upper bound is the last word, over the memory floor and what is kept for a reason, too', () => {
    const bounds = { memory: { min: '64Mi', max: '512Mi' } };
    const usage = { memoryPeak: { bytes: 900 * MEBI, at: NOW } };
    expect(memory({ values: [200 * MEBI], bounds, usage }).request).to.equal('512Mi');
    const standing = { requests: { memory: '1Gi' } };
    const short = { memory: usageOf('memory', [200 * MEBI], 3600) };
    expect(memory({ usage: short, bounds, rest: { standing } }).request).to.equal('512Mi');
  });

  it('B-API-3 goes by a bound in plain bytes however large it is: past 2^53, and as the largest int64', () => {
    for (const max of ['1152921504606846976', '9223372036854775807']) {
      const bounds = { memory: { min: '64Mi', max: JSON.parse(max) as number } };
      expect(memory({ values: [200 * MEBI], bounds }).request, max).to.equal('200Mi');
    }
  });

  it('B-REC-2 rounds up, but never for what floating point added', () => {
    expect(request({ values: [0.2001] })).to.equal('241m');
    expect(request({ values: [0.1], metrics: { safetyFactor: 3 } })).to.equal('300m');
    expect(memory({ values: [100.1 * MEBI] }).request).to.equal('101Mi');
    expect(memory({ values: [2048 * MEBI] }).request).to.equal('2Gi');
  });

  it('B-REC-2 rounds down where up would pass the upper bound; never a milli suffix on memory', () => {
    const bounds = { cpu: { min: '1m', max: '0.1005' }, memory: { min: '1000m', max: '1.5Mi' } };
    expect(request({ values: [5], bounds })).to.equal('100m');
    expect(memory({ values: [5 * MEBI], bounds }).request).to.equal('1Mi');
  });

  it('holds where the upper bound leaves no whole unit', () => {
    const bounds = { cpu: { min: '1u', max: '10u' } };
    expect(recommended({ values: [1], bounds }).hold).to.include({ reason: 'BoundsTooFine' });
  });

  it('B-REC-3 limits only with updateRequestsOnly false: request × multiplier, never below the request', () => {
    const strategy = { updateRequestsOnly: false, limitConfig: { cpuLimitMultiplier: 1.5 } };
    const resources = { requests: { cpu: '100m' } };
    expect(recommended({ values: [0.2], resources, strategy })).to.include({ request: '240m', limit: '360m' });
    expect(recommended({ values: [0.2], resources })).to.not.have.property('limit');
  });

  it('B-REC-3 a memory limit is never below the memory floor, be it above the upper bound', () => {
    const strategy = { updateRequestsOnly: false };
    const resources = { requests: { memory: '100Mi' }, limits: { memory: '200Mi' } };
    const bounds = { memory: { min: '64Mi', max: '256Mi' } };
    const usage = { memoryPeak: { bytes: 500 * MEBI, at: NOW } };
    const result = memory({ values: [180 * MEBI], resources, strategy, bounds, usage });
    expect(result).to.include({ request: '256Mi', limit: '500Mi' });
    expect(result.steps.at(-1)).to.include({ step: 'Limit', because: 'MemoryFloor' });
  });

  it('B-REC-4 a request above an untouched limit is capped at the limit, and said', () => {
    const capped = recommended({ values: [1], resources: { requests: { cpu: '100m' }, limits: { cpu: '500m' } } });
    expect(capped.request).to.equal('500m');
    expect(capped.steps.at(-1)).to.deep.equal({ step: 'CappedByLimit', wanted: 1.2, value: 0.5 });
    const fine = { requests: { cpu: '100u' }, limits: { cpu: '500u' } };
    expect(request({ values: [1], resources: fine })).to.equal('500u');
  });

  it('B-REC-4 the limit that a LimitRange gives a container caps as its own does', () => {
    // As kube-apiserver makes it, which is how the chain is given it.
    const resources = { requests: { cpu: '100m' }, limits: { cpu: '300m' } };
    expect(told(recommended({ values: [1], resources }))).to.include('CappedByLimit');
    expect(recommended({ values: [1], resources: { limits: { cpu: '0' } } }).hold).to.include({
      reason: 'CappedByLimit',
    });
  });

  it('B-REC-4 Guaranteed is held with updateRequestsOnly; without, its limit equals its request, and that is said', () => {
    const same = { cpu: '500m', memory: '64Mi' };
    const resources = { requests: same, limits: same };
    const held = recommended({ values: [0.2], resources });
    expect(held.hold).to.include({ reason: 'HeldByQoS' });
    expect(held.request, 'what would be recommended').to.equal('240m');
    const strategy = { updateRequestsOnly: false, limitConfig: { cpuLimitMultiplier: 3, memoryLimitMultiplier: 3 } };
    const result = recommended({ values: [0.2], resources, strategy });
    expect(result).to.include({ request: '240m', limit: '240m' });
    expect(told(result)).to.include('LimitEqualsRequest').and.not.to.include('Limit');
  });

  it('B-REC-4 of a Guaranteed pod no memory limit is lowered below the floor, and none is kept from rising', () => {
    const strategy = { updateRequestsOnly: false };
    const bounds = { memory: { min: '64Mi', max: '600Mi' } };
    const guaranteed = (amount: string) => {
      const same = { cpu: '500m', memory: amount };
      const usage = { memoryPeak: { bytes: 700 * MEBI, at: NOW } };
      return memory({ values: [90 * MEBI], resources: { requests: same, limits: same }, strategy, bounds, usage });
    };
    expect(guaranteed('1Gi').hold).to.include({ reason: 'HeldByQoS' });
    expect(guaranteed('512Mi')).to.include({ request: '600Mi', limit: '600Mi' }).and.not.to.have.property('hold');
  });

  it('B-REC-4 BestEffort becomes Burstable only at pod creation, and that is said', () => {
    expect(told(recommended({ values: [0.2] }))).to.include('BecomesBurstable');
    expect(told(recommended({ values: [0.2], resources: { requests: { cpu: '1' } } }))).not.to.include(
      'BecomesBurstable',
    );
  });

  it('B-REC-4 pod-level resources are held', () => {
    const pod = { containers: [{ name: 'web' }], resources: { requests: { cpu: '1' } } };
    expect(recommended({ values: [0.2], pod }).hold).to.include({ reason: 'PodLevelResources' });
    // What a chart renders of values that are not given.
    const empty = { ...pod, resources: {} };
    expect(recommended({ values: [0.2], pod: empty }))
      .to.include({ request: '240m' })
      .and.not.to.have.property('hold');
  });

  it('B-REC-8 tells samples, span, percentile, factor and what clamped it', () => {
    const { steps } = recommended({ values: [3], metrics: { percentile: 'P99' } });
    const [samples, percentile, factor, bounds, rounding] = steps;
    expect(samples).to.deep.equal({ step: 'Samples', samples: 24, instants: 24, from: NOW - 86_400 + 3600, to: NOW });
    expect(percentile).to.deep.equal({ step: 'Percentile', percentile: 'P99', value: 3 });
    expect(factor).to.include({ step: 'SafetyFactor', factor: 1.2 });
    expect(bounds).to.deep.equal({ step: 'Bounds', bound: 'max', value: 2 });
    expect(rounding).to.deep.equal({ step: 'Rounding', value: 2 });
  });

  it('B-MET-2 names the pods whose own percentile is far above the pool’s', () => {
    const usage = {
      ...usageOf('cpu', [0.1]),
      max: 0.8,
      podsAbove: (p: number, times: number) => (p === 0.9 && times === 2 ? [{ pod: 'web-7', value: 0.8 }] : []),
    };
    const step = recommended({ usage: { cpu: usage } }).steps.find((one) => one.step === 'PodsAbove');
    expect(step).to.deep.equal({ step: 'PodsAbove', percentile: 'P90', pods: [{ pod: 'web-7', value: 0.8 }] });
  });

  it('B-MET-2 of an idle container no pod is named: what the lower bound covers is not far above anything', () => {
    const idle = (of: Readonly<Record<string, number>>) => ({ usage: { cpu: usageByPod(of) } });
    expect(told(recommended(idle({ 'web-1': 0, 'web-2': 0 })))).not.to.include('PodsAbove');
    expect(told(recommended(idle({ 'web-1': 0, 'web-2': 0, 'web-3': 0, 'web-4': 0.04 })))).not.to.include('PodsAbove');
    const bounds = { cpu: { min: '1n', max: '1' } };
    expect(told(recommended({ ...idle({ 'web-1': 0.0001, 'web-2': 0.0009 }), metrics: { percentile: 'P50' }, bounds })))
      // Less than the least that is recommended.
      .not.to.include('PodsAbove');
    const busy = recommended({ ...idle({ 'web-1': 0, 'web-2': 0, 'web-3': 0.3 }), metrics: { percentile: 'P50' } });
    expect(busy.steps.find(({ step }) => step === 'PodsAbove')).to.deep.include({
      pods: [{ pod: 'web-3', value: 0.3 }],
    });
  });

  it('B-REC-8 a hold of the cluster is of its resource alone, and the number is computed all the same', () => {
    const holds = [{ resource: 'cpu', reason: 'HeldByHPA', message: 'an HPA goes by it' }] as const;
    const held = recommended({ values: [0.2], rest: { holds } });
    expect(held).to.deep.include({ request: '240m', hold: { reason: 'HeldByHPA', message: 'an HPA goes by it' } });
    expect(memory({ values: [200 * MEBI], rest: { holds } })).not.to.have.property('hold');
  });
});
