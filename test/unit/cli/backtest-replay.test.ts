import { expect } from 'chai';
import fc from 'fast-check';
import type { Estimator, Requests } from '../../../cli/backtest/estimator.js';
import { standardEstimators } from '../../../cli/backtest/estimators.js';
import { policyEstimator } from '../../../cli/backtest/policy-estimator.js';
import { replay } from '../../../cli/backtest/replay.js';
import { fleetScore, type Score } from '../../../cli/backtest/score.js';
import { traceOf, type Trace } from '../../../cli/backtest/trace.js';
import { policyOf } from '../lib/policies.js';

const HOUR = 3600;
const DAY = 24 * HOUR;
const MIB = 2 ** 20;
const HOURLY = { warmupMs: DAY * 1000, stepMs: HOUR * 1000 };

/** Two days at ten-minute steps. */
const INSTANTS = (2 * DAY) / 600;

describe('the replay', () => {
  const usages = fc.array(fc.double({ min: 0, max: 8, noNaN: true }), { minLength: INSTANTS, maxLength: INSTANTS });

  for (const estimator of standardEstimators()) {
    it(`B-TRU-1 ${estimator.name} sees only the past: another future changes nothing of what was recommended before it`, () => {
      fc.assert(
        fc.property(usages, usages, fc.integer({ min: 1, max: 23 }), (past, future, hour) => {
          const now = DAY + hour * HOUR;
          const other = past.map((cores, index) => (index * 600 <= now ? cores : (future[index] ?? 0)));
          const [one, two] = [past, other].map((cores) =>
            replay(trace(cores), estimator, HOURLY).course.filter(({ at }) => at <= now),
          );
          expect(one).to.deep.equal(two).and.not.to.deep.equal([]);
        }),
        { numRuns: 10 },
      );
    });

    it(`B-TRU-1 ${estimator.name} has shares from 0 to 1, and counts that are not negative`, () => {
      fc.assert(
        fc.property(usages, (cores) => {
          const { cpu, memory, changes } = replay(trace(cores), estimator, HOURLY).score;
          for (const share of [cpu.slack, cpu.above, memory.slack, memory.above]) expect(share).to.be.within(0, 1);
          expect(memory.crossings).to.be.at.least(0);
          expect(changes).to.be.within(0, 24);
        }),
        { numRuns: 10 },
      );
    });

    it(`B-TRU-1 ${estimator.name} is never passed by constant usage, and changes nothing`, () => {
      const { cpu, memory, changes } = replay(trace(Array<number>(INSTANTS).fill(0.5)), estimator, HOURLY).score;
      expect([cpu.above, memory.above, memory.crossings, changes]).to.deep.equal([0, 0, 0, 0]);
    });
  }

  it('B-TRU-1 of constant usage, slack is 1 − 1/factor', () => {
    fc.assert(
      fc.property(fc.constantFrom(1, 1.2, 1.25, 2), fc.integer({ min: 1, max: 40 }), (safetyFactor, cores) => {
        const { spec } = policyOf({
          metricsConfig: { provider: 'prometheus', safetyFactor },
          resourceBounds: { cpu: { min: '1m', max: '100' }, memory: { min: '1Mi', max: '1Ti' } },
          updateStrategy: { allowUnsafeMemoryDecrease: true },
        });
        const constant = trace(Array<number>(INSTANTS).fill(cores));
        const { cpu, memory } = replay(constant, policyEstimator('it', spec), HOURLY).score;
        expect(cpu.slack).to.be.closeTo(1 - 1 / safetyFactor, 1e-9);
        expect(memory.slack).to.be.closeTo(1 - 1 / safetyFactor, 1e-9);
      }),
      { numRuns: 20 },
    );
  });

  it('B-REC-1 recommends what the policy says of the window before each step, within its bounds', () => {
    const { spec } = policyOf({
      metricsConfig: { provider: 'prometheus', rollingWindow: '2h' },
      resourceBounds: { cpu: { min: '100m', max: '2' }, memory: { min: '16Mi', max: '4Gi' } },
    });
    const cores = Array.from({ length: INSTANTS }, (_, index) => (index * 600 < DAY + HOUR ? 0.01 : 5));
    const { course } = replay(trace(cores), policyEstimator('it', spec), HOURLY);
    // 5 cores are used from an hour after the warm-up on: one sample of the window's 13 then, which P90 leaves out, and 7 an hour later.
    expect(course[0]).to.deep.include({ at: DAY });
    expect(course[0]?.requests.cpu).to.equal(0.1);
    expect(course.find(({ requests }) => requests.cpu === 2)?.at).to.equal(DAY + 2 * HOUR);
  });

  it("B-MET-6 goes by the policy's minSamplesRequired where the operator does: for the metrics server alone", () => {
    const recommended = (provider: 'prometheus' | 'metrics-server') => {
      // Three samples are in a window.
      const metricsConfig = { provider, rollingWindow: '30m', metricsServer: { minSamplesRequired: 3 } };
      const { spec } = policyOf({ metricsConfig });
      return replay(trace(Array<number>(INSTANTS).fill(0.5)), policyEstimator('it', spec), HOURLY).course.length > 0;
    };
    expect(recommended('metrics-server')).to.equal(true);
    expect(recommended('prometheus')).to.equal(false);
  });

  it('B-MET-10 where nothing is recommended, what stood before stands; where nothing ever was, nothing is judged', () => {
    const told = [{ cpu: 1 }, {}, { memory: 64 * MIB }, {}];
    const { course, score } = replay(trace(Array<number>(INSTANTS).fill(0.5)), scripted(told), HOURLY);
    expect(course.map(({ requests }) => requests)).to.deep.equal([{ cpu: 1 }, { cpu: 1, memory: 64 * MIB }]);
    expect(score.cpu).to.deep.equal({ slack: 0.5, above: 0 });
    const silent = replay(trace(Array<number>(INSTANTS).fill(0.5)), scripted([]), HOURLY).score;
    expect(silent).to.deep.equal({
      cpu: { slack: undefined, above: undefined },
      memory: { slack: undefined, above: undefined, crossings: undefined },
      changes: undefined,
    });
  });
});

describe('the score', () => {
  const hours = (cores: readonly number[]): Trace => {
    const pod = 'web';
    const cpu = cores.map((value, hour) => [hour * HOUR, value] as const);
    const memory = cores.map((value, hour) => [hour * HOUR, value * MIB] as const);
    return traceOf('web', [
      { pod, resource: 'cpu', samples: cpu },
      { pod, resource: 'memory', samples: memory },
    ]);
  };
  const timing = { warmupMs: HOUR * 1000, stepMs: HOUR * 1000 };

  it('B-TRU-1 slack is the mean of what lies unused, above the share of samples over the request, crossings the times it is passed', () => {
    // Judged are the last six: unused ½, 0, ½, 0, 0, ¼; over at two; twice from below, which is twice in a quarter of a day.
    const usage = hours([9, 9, 50, 200, 50, 200, 300, 75]);
    const { cpu, memory } = replay(
      usage,
      scripted(Array<Requests>(6).fill({ cpu: 100, memory: 100 * MIB })),
      timing,
    ).score;
    expect(cpu).to.deep.equal({ slack: (0.5 + 0.5 + 0.25) / 6, above: 3 / 6 });
    expect(memory).to.deep.equal({ slack: (0.5 + 0.5 + 0.25) / 6, above: 3 / 6, crossings: 2 / 0.25 });
  });

  it('B-TRU-1 a request that falls below usage is passed as well, and exactly the request is not above it', () => {
    const falling = [...Array<Requests>(3).fill({ memory: 100 * MIB }), { memory: 99 * MIB }];
    expect(replay(hours(Array<number>(8).fill(100)), scripted(falling), timing).score.memory).to.deep.include({
      above: 3 / 6,
      crossings: 1 / 0.25,
    });
  });

  it('B-REC-7 changes are steps at which a request moved by more than 5 % of what it was; the first request is none', () => {
    const course = [100, 104, 105, 106, 100, 106].map((cpu) => ({ cpu, memory: MIB }));
    // 104 and 105 are still within 5 % of 100, 106 is not; 100 is more than 5 % below 106, and so on.
    expect(replay(hours(Array<number>(8).fill(50)), scripted(course), timing).score.changes).to.equal(3 / 0.25);
    const both = [1, 2, 4].map((factor) => ({ cpu: factor, memory: factor * MIB }));
    expect(replay(hours(Array<number>(8).fill(0)), scripted(both), timing).score.changes).to.equal(2 / 0.25);
  });

  it('B-TRU-1 in the fleet every workload counts the same, and only those that there is a figure of', () => {
    const score = (slack: number | undefined, crossings: number | undefined): Score => ({
      cpu: { slack, above: slack },
      memory: { slack, above: slack, crossings },
      changes: crossings,
    });
    expect(fleetScore([score(0.2, 1), score(0.6, 5), score(undefined, undefined)])).to.deep.equal(score(0.4, 3));
    expect(fleetScore([])).to.deep.equal(score(undefined, undefined));
  });
});

/** The same in cores and in hundreds of mebibytes. */
function trace(cores: readonly number[]): Trace {
  const pod = 'web';
  return traceOf('web', [
    { pod, resource: 'cpu', samples: cores.map((value, index) => [index * 600, value] as const) },
    { pod, resource: 'memory', samples: cores.map((value, index) => [index * 600, value * 100 * MIB] as const) },
  ]);
}

/** Recommends one after the other, and then nothing. */
function scripted(requests: readonly Requests[]): Estimator {
  return {
    name: 'scripted',
    start: () => {
      let step = 0;
      return { observe: () => undefined, recommend: () => requests[step++] ?? {} };
    },
  };
}
