import { expect } from 'chai';
import { recommended, MEBI, NOW, told, usageOf, type Given } from './inputs.js';

const HOUR = 3600;
const big = { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '2Gi' } };

describe('evidence', () => {
  it('B-MET-6 fewer samples than needed is no recommendation, with "have X, need Y"', () => {
    const usage = { cpu: usageOf('cpu', [0.2]) };
    const { hold, request } = recommended({ usage, rest: { minSamples: 25 } });
    expect(request).to.equal(undefined);
    expect(hold).to.deep.equal({ reason: 'NotEnoughSamples', message: 'have 24 samples of cpu usage, need 25' });
    expect(recommended({ usage, rest: { minSamples: 24 } })).not.to.have.property('hold');
  });

  it('B-MET-10 no data is no recommendation, never the minimum', () => {
    expect(recommended({})).to.deep.equal({
      steps: [],
      hold: { reason: 'NoData', message: 'no cpu usage within the window' },
    });
    expect(recommended({ rest: { usage: undefined } }).hold).to.include({ reason: 'NoData' });
  });

  it('B-MET-10 stale data is no recommendation', () => {
    const at = (age: number) => recommended({ usage: { cpu: usageOf('cpu', [0.2], 86_400, NOW - age) } });
    expect(at(901)).to.not.have.property('request');
    expect(at(901).hold).to.deep.equal({
      reason: 'StaleData',
      message: 'the last cpu usage is 15m 1s old; it may be at most 15m',
    });
    expect(at(900)).to.include({ request: '240m' });
  });

  it('B-MET-10 numbers that are none, and memory of zero, are no data', () => {
    const said = (resource: 'cpu' | 'memory', value: number) =>
      recommended({ resource, usage: { [resource]: { ...usageOf(resource, [1]), percentile: () => value } } });
    for (const value of [Number.NaN, Infinity, -1]) expect(said('cpu', value).hold).to.include({ reason: 'NoData' });
    expect(said('memory', 0).hold).to.include({ reason: 'NoData' });
    expect(said('cpu', 0)).to.include({ request: '100m' });
  });

  const afterHours = (hours: number, given: Given = {}) =>
    recommended({ resources: big, usage: { cpu: usageOf('cpu', [0.2], hours * HOUR) }, ...given });

  it('B-MET-6 nothing is decreased before history covers a day', () => {
    const { hold, request, steps } = afterHours(3);
    expect({ request, reason: hold?.reason }).to.deep.equal({ request: '1', reason: 'ShortHistory' });
    expect(hold?.message).to.equal('have 3h of history, need 1d before anything is lowered');
    expect(steps.find((one) => one.step === 'SafetyFactor')).to.include({ value: 0.24 });
    expect(afterHours(23)).to.deep.include({ request: '1' });
    expect(afterHours(24)).to.include({ request: '240m' }).and.not.to.have.property('hold');
  });

  it('B-MET-6 what was written of usage that stays the same is no decrease when it was rounded up', () => {
    const standing = { requests: { cpu: '241m' } };
    for (const usage of [{}, { throttledShare: 0.3 }]) {
      const { hold, request } = recommended({
        resources: { requests: { cpu: '100m' } },
        usage: { cpu: usageOf('cpu', [0.2005], HOUR), ...usage },
        rest: { standing },
      });
      expect({ request, hold }).to.deep.equal({ request: '241m', hold: undefined });
    }
  });

  it('B-MET-6 a window shorter than a day is covered sooner; a longer one not later than after a day', () => {
    expect(afterHours(3, { metrics: { rollingWindow: '3h' } })).to.include({ request: '240m' });
    expect(afterHours(24, { metrics: { rollingWindow: '7d' } })).to.include({ request: '240m' });
  });

  it('B-MET-6 an outage of the provider makes no history short, unless most of it is missing', () => {
    const metrics = { rollingWindow: '1h' };
    const seen = (minutes: number, minutesAgo: number) =>
      recommended({
        resources: big,
        metrics,
        settings: { staleAfter: 3600 },
        usage: { cpu: usageOf('cpu', [0.2], minutes * 60, NOW - minutesAgo * 60) },
      });
    expect(seen(60, 0)).to.include({ request: '240m' });
    expect(seen(45, 15)).to.include({ request: '240m' }).and.not.to.have.property('hold');
    expect(seen(20, 40).hold).to.include({ reason: 'ShortHistory' });
    // A workload that is young is young, whatever is missing.
    expect(seen(30, 15).hold).to.include({ reason: 'ShortHistory' });
  });

  it('B-MET-6 an increase, or a request where there was none, does not wait for history', () => {
    const small = { requests: { cpu: '110m' }, limits: { cpu: '2' } };
    expect(afterHours(1, { resources: small }))
      .to.include({ request: '240m' })
      .and.not.to.have.property('hold');
    expect(recommended({ usage: { cpu: usageOf('cpu', [0.2], HOUR) } })).to.include({ request: '240m' });
  });

  it('B-REC-9 throttled CPU is said, and never a reason to decrease', () => {
    const usage = { throttledShare: 0.3 };
    const kept = recommended({ values: [0.2], resources: big, usage });
    expect(kept).to.deep.include({ request: '1' });
    expect(kept.hold).to.include({ reason: 'Throttled' });
    expect(kept.steps.find((one) => one.step === 'Throttled')).to.include({ by: 'throttling', share: 0.3 });
    const rising = recommended({ values: [1.5], resources: big, usage });
    expect(rising).to.include({ request: '1800m' }).and.not.to.have.property('hold');
    expect(told(rising)).to.include('Throttled');
    expect(told(recommended({ values: [0.2], resources: big, usage: { throttledShare: 0.1 } }))).not.to.include(
      'Throttled',
    );
  });

  it('B-REC-9 a limit that CPU was throttled at is not lowered either', () => {
    const strategy = { updateRequestsOnly: false };
    const result = recommended({
      values: [1.5],
      resources: { requests: { cpu: '1' }, limits: { cpu: '4' } },
      strategy,
      usage: { throttledShare: 0.3 },
    });
    expect(result).to.include({ request: '1800m', limit: '4' });
  });

  it('B-REC-9 memory at its limit is never a reason to decrease', () => {
    const at = (most: number, given: Given = {}) =>
      recommended({
        resource: 'memory',
        resources: { requests: { memory: '900Mi' }, limits: { memory: '1000Mi' } },
        values: [...Array<number>(23).fill(100 * MEBI), most * MEBI],
        strategy: { allowUnsafeMemoryDecrease: true },
        ...given,
      });
    expect(at(980).hold).to.include({ reason: 'Throttled' });
    expect(at(979)).to.include({ request: '120Mi' });
  });

  it('B-REC-9 memory that was used under a higher limit was never pressed against the one there is now', () => {
    const spike = (limit: string, rest: Given['rest'] = {}) =>
      recommended({
        resource: 'memory',
        resources: { requests: { memory: '500Mi' }, limits: { memory: limit } },
        values: [...Array<number>(23).fill(200 * MEBI), 900 * MEBI],
        strategy: { updateRequestsOnly: false, allowUnsafeMemoryDecrease: true },
        rest,
      });
    // Lowered by OptiPod, or by the author.
    const standing = { requests: { memory: '360Mi' }, limits: { memory: '396Mi' } };
    for (const lowered of [spike('1Gi', { standing }), spike('600Mi')]) {
      expect(lowered).to.include({ request: '240Mi', limit: '264Mi' }).and.not.to.have.property('hold');
      expect(told(lowered)).not.to.include('Throttled');
    }
    // What is measured at a limit may be told a little above it.
    expect(spike('890Mi').hold).to.include({ reason: 'Throttled' });
  });

  it('B-REC-9 goes by what pods really have: under Recommend by the template, whatever was recommended', () => {
    const standing = { requests: { cpu: '240m' } };
    const result = recommended({
      mode: 'Recommend',
      values: [0.3],
      resources: big,
      usage: { throttledShare: 0.5 },
      rest: { standing },
    });
    expect(result).to.include({ request: '1' }).and.not.to.have.property('hold');
  });
});
