import { expect } from 'chai';
import fc from 'fast-check';
import { slidingPeak } from '../../../cli/backtest/peak.js';
import { traceOf } from '../../../cli/backtest/trace.js';
import { slidingWindow, type WindowUsage } from '../../../cli/backtest/window.js';
import { pool, type PodSeries } from '../../../lib/usage/index.js';

const value = fc.oneof(fc.double({ min: 0, max: 100, noNaN: true }), fc.constantFrom(Number.NaN, Infinity, -1, 3, 3));
const series = fc.array(
  fc.record({
    pod: fc.constantFrom('a', 'b', 'c'),
    samples: fc.array(fc.tuple(fc.nat(200), value), { maxLength: 30 }),
  }),
  { maxLength: 4 },
);

describe('the window that slides over a trace', () => {
  it('B-MET-2 has at every instant the usage that the operator would pool: gaps, duplicates, NaN and disorder among it', () => {
    fc.assert(
      fc.property(series, fc.integer({ min: 1, max: 120 }), (recorded, length) => {
        const pods = recorded.map((one) => inCluster(one.pod, one.samples));
        const { samples } = traceOf('web', pods);
        const window = slidingWindow(length);
        let seen = 0;
        for (let at = 0; at <= 200; at += 7) {
          for (let next = samples[seen]; next && next.at <= at; next = samples[seen]) {
            window.add(next);
            seen += 1;
          }
          expect(told(window.usage(at))).to.deep.equal(told(pool(pods.map((one) => between(one, at - length, at)))));
        }
      }),
    );
  });

  it('B-MET-9 keeps more samples than it has room for at first', () => {
    const window = slidingWindow(10_000);
    for (let at = 1; at <= 5000; at += 1) window.add({ at, value: (at * 7919) % 5000 });
    expect(told(window.usage(5000))).to.include({ samples: 5000, instants: 5000, from: 1, to: 5000, max: 4999 });
    expect(window.usage(5000)?.percentile(0.5)).to.equal(2499.5);
    expect(window.usage(14_999)?.samples).to.equal(2);
  });
});

describe('the peak that slides over a trace', () => {
  it('B-REC-5 is the highest working set within its window, and when it was', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 1 }), fc.integer({ min: 0, max: 40 }), (values, length) => {
        const peak = slidingPeak(length);
        for (const [at, bytes] of values.entries()) {
          peak.add(at, bytes);
          const within = values.slice(Math.max(0, at - length), at + 1);
          const highest = Math.max(...within);
          expect(peak.peak(at)).to.deep.equal({
            at: at - within.length + 1 + within.lastIndexOf(highest),
            bytes: highest,
          });
        }
        expect(peak.peak(values.length + length)).to.equal(undefined);
      }),
    );
  });
});

function inCluster(pod: string, samples: readonly (readonly [number, number])[]): PodSeries {
  return { namespace: 'shop', container: 'app', resource: 'cpu', pod, samples };
}

function between(one: PodSeries, from: number, to: number): PodSeries {
  return { ...one, samples: one.samples.filter(([at]) => at >= from && at <= to) };
}

function told(usage: WindowUsage | undefined): object | undefined {
  if (!usage) return undefined;
  const { samples, instants, from, to, max } = usage;
  const percentiles = [0, 0.5, 0.9, 1].map((p) => usage.percentile(p));
  return { samples, instants, from, to, max, percentiles };
}
