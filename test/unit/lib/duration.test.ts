import { expect } from 'chai';
import fc from 'fast-check';
import { durationOf, parseDuration } from 'optipod/kube';

describe('durations', () => {
  it("B-API-5 reads Go's syntax, with whole weeks and days in front", () => {
    expect(parseDuration('90s')).to.equal(90_000);
    expect(parseDuration('1h30m')).to.equal(5_400_000);
    expect(parseDuration('1.5h')).to.equal(5_400_000);
    expect(parseDuration('7d')).to.equal(604_800_000);
    expect(parseDuration('1w')).to.equal(604_800_000);
    expect(parseDuration('1d12h')).to.equal(129_600_000);
    expect(parseDuration('2w3d4h')).to.equal((17 * 24 + 4) * 3_600_000);
    expect(parseDuration('100ms')).to.equal(100);
  });

  it('B-API-5 refuses everything else', () => {
    for (const text of ['', '5', '5 minutes', '1y', '12h7d', '1.5d', '-5m', 'P1D', '1h 30m', 'd', 'abc']) {
      expect(parseDuration(text), text).to.equal(undefined);
    }
    expect(() => durationOf('soon')).to.throw(RangeError, '"soon"');
  });

  it('adds up its parts', () => {
    const part = fc.integer({ min: 0, max: 999 });
    fc.assert(
      fc.property(part, part, part, part, (d, h, m, s) => {
        expect(parseDuration(`${d}d${h}h${m}m${s}s`)).to.equal((((d * 24 + h) * 60 + m) * 60 + s) * 1000);
      }),
    );
  });
});
