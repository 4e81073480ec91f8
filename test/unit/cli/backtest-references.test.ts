import { expect } from 'chai';
import fc from 'fast-check';
import { bucketCount, bucketOf, bucketStart, decayingHistogram } from '../../../cli/backtest/decaying-histogram.js';
import type { Estimator, Requests } from '../../../cli/backtest/estimator.js';
import { krr } from '../../../cli/backtest/krr.js';
import type { Sample } from '../../../cli/backtest/trace.js';
import { CPU_BUCKETS, HALF_LIFE, MEMORY_BUCKETS, vpa } from '../../../cli/backtest/vpa.js';

const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;
const MIB = 2 ** 20;

describe("the VPA's estimator", () => {
  it('B-TRU-1 has the published buckets: 0.01 core and 10 MB first, each 5 % larger, the last from 1021 cores and 1.02 TB', () => {
    for (const [bucket, start] of [0, 0.01, 0.0205, 0.031525].entries()) {
      expect(bucketStart(CPU_BUCKETS, bucket)).to.be.closeTo(start, 1e-12);
    }
    expect(bucketStart(MEMORY_BUCKETS, 1)).to.be.closeTo(1e7, 1);
    expect(bucketStart(MEMORY_BUCKETS, 2)).to.be.closeTo(2.05e7, 1);
    expect([bucketCount(CPU_BUCKETS), bucketCount(MEMORY_BUCKETS)]).to.deep.equal([176, 176]);
    expect(bucketStart(CPU_BUCKETS, 175)).to.be.closeTo(1021, 1);
    expect(bucketStart(MEMORY_BUCKETS, 175)).to.be.closeTo(1.02e12, 1e10);
  });

  it('B-TRU-1 puts a value into the bucket that begins at or below it and ends above it', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 900, noNaN: true }), (cores) => {
        const bucket = bucketOf(CPU_BUCKETS, cores);
        const noise = cores * 1e-9;
        expect(bucketStart(CPU_BUCKETS, bucket)).to.be.at.most(cores + noise);
        expect(bucketStart(CPU_BUCKETS, bucket + 1)).to.be.at.least(cores - noise);
      }),
    );
    expect(bucketOf(CPU_BUCKETS, 1e6)).to.equal(175);
  });

  it('B-TRU-1 halves the weight of a sample in 24 hours: two of yesterday weigh as much as one of today', () => {
    const medianOf = (old: number): number | undefined => {
      const histogram = decayingHistogram(CPU_BUCKETS, HALF_LIFE);
      histogram.add(1, old, 1000);
      histogram.add(0.1, 1, 1000 + DAY);
      return histogram.percentile(0.5);
    };
    const endOf = (cores: number): number => bucketStart(CPU_BUCKETS, bucketOf(CPU_BUCKETS, cores) + 1);
    expect(medianOf(1.99)).to.equal(endOf(0.1));
    expect(medianOf(2.01)).to.equal(endOf(1));
  });

  it('B-TRU-1 goes on over more half-lives than a double has exponents for', () => {
    const histogram = decayingHistogram(CPU_BUCKETS, HALF_LIFE);
    for (let day = 0; day < 3000; day += 1) histogram.add(day < 2990 ? 5 : 0.5, 0.1, day * DAY);
    expect(histogram.percentile(0.9)).to.be.closeTo(0.5111, 1e-4);
    histogram.subtract(0.5, 0.1, 2999 * DAY);
    expect(histogram.percentile(0.9)).to.be.closeTo(0.5111, 1e-4);
  });

  it('B-TRU-1 recommends the end of the bucket of P90, 15 % on top, cut off to whole millicores and bytes', () => {
    // 0.5 cores fall into bucket 25, which ends at 0.01 × (1.05²⁶ − 1)/0.05 = 0.51113: 511m + 76m.
    expect(after(vpa, constant('cpu', 0.5, 3 * DAY))).to.deep.equal({ cpu: 0.587 });
    // 1 GB falls into bucket 36, which ends at 1e7 × (1.05³⁷ − 1)/0.05 = 1016281388.6: and 152442208 bytes.
    expect(after(vpa, constant('memory', 1e9, 3 * DAY))).to.deep.equal({ memory: 1_168_723_596 });
  });

  it('B-TRU-1 never recommends less than 25m and 250 MiB', () => {
    expect(after(vpa, constant('cpu', 0.001, DAY))).to.deep.equal({ cpu: 0.025 });
    expect(after(vpa, constant('memory', 1e6, DAY))).to.deep.equal({ memory: 262_144_000 });
  });

  it('B-TRU-1 counts one memory peak in 24 hours, with decaying weight: P90 forgets it when the third peak after it begins', () => {
    const once = (at: number): Sample[] =>
      constant('memory', 1e9, at).map((sample) => (sample.at === 6 * HOUR ? { ...sample, value: 2e9 } : sample));
    // 2 GB fall into bucket 49, which ends at 2093479957.2.
    const [high, low] = [2_407_501_950, 1_168_723_596];
    // Weights 1, 2, 4, 8: the first is a third, a seventh, a fifteenth of all.
    expect(after(vpa, once(7 * HOUR)).memory).to.equal(high);
    expect(after(vpa, once(3 * DAY - HOUR)).memory).to.equal(high);
    expect(after(vpa, once(3 * DAY + HOUR)).memory).to.equal(low);
  });

  it('B-TRU-1 forgets all after eight intervals without a sample', () => {
    const usage = constant('cpu', 0.5, DAY);
    const last = usage.at(-1)?.at ?? 0;
    expect(after(vpa, usage, last + 8 * DAY - 1)).to.deep.equal({ cpu: 0.587 });
    expect(after(vpa, usage, last + 8 * DAY)).to.deep.equal({});
  });
});

describe("KRR's estimator", () => {
  it('B-TRU-1 recommends P95 of CPU, rounded up to a millicore, and the highest working set and 15 %, rounded up to a mebibyte', () => {
    const cpu = Array.from({ length: 100 }, (_, index) => sample('cpu', index * MINUTE, (index + 1) / 100));
    // 0.01 to 1 by 0.01: P95 by interpolation is 0.9505.
    expect(after(krr, cpu)).to.deep.equal({ cpu: 0.951 });
    const memory = constant('memory', 150 * MIB, 10 * HOUR);
    memory[3] = sample('memory', 15 * MINUTE, 201 * MIB);
    expect(after(krr, memory)).to.deep.equal({ memory: 232 * MIB });
  });

  it('B-TRU-1 looks back 336 hours', () => {
    const peak = sample('memory', 0, 1024 * MIB);
    const later = constant('memory', 200 * MIB, 336 * HOUR + 60).slice(1);
    expect(after(krr, [peak, ...later], 336 * HOUR).memory).to.equal(1178 * MIB);
    expect(after(krr, [peak, ...later], 336 * HOUR + 1).memory).to.equal(230 * MIB);
  });

  it('B-TRU-1 needs 100 points, and recommends at least 10m and 100 MiB', () => {
    const usage = [...constant('cpu', 0.001, 9.5 * HOUR), ...constant('memory', MIB, 9.5 * HOUR)];
    expect(usage.length).to.be.at.least(2 * 100);
    expect(after(krr, usage)).to.deep.equal({ cpu: 0.01, memory: 100 * MIB });
    expect(after(krr, constant('cpu', 0.001, 9.5 * HOUR).slice(0, 99))).to.deep.equal({});
  });

  it("B-TRU-1 takes the highest of the pods' percentiles, not the pool's", () => {
    const busy = constant('cpu', 1, 10 * HOUR).slice(0, 4);
    const idle = constant('cpu', 0.1, 100 * HOUR);
    const usage = [...busy.map((one) => ({ ...one, pod: 'busy' })), ...idle].sort((a, b) => a.at - b.at);
    expect(after(krr, usage)).to.deep.equal({ cpu: 1 });
  });
});

function sample(resource: Sample['resource'], at: number, value: number): Sample {
  return { resource, at, value, pod: 'web' };
}

/** The same every five minutes, from 0 up to an instant. */
function constant(resource: Sample['resource'], value: number, until: number): Sample[] {
  return Array.from({ length: Math.floor(until / (5 * MINUTE)) + 1 }, (_, index) =>
    sample(resource, index * 5 * MINUTE, value),
  );
}

function after(estimator: Estimator, samples: readonly Sample[], at = samples.at(-1)?.at ?? 0): Requests {
  const estimation = estimator.start();
  for (const one of samples) estimation.observe(one);
  return estimation.recommend(at);
}
