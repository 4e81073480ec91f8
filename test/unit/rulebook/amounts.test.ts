import { expect } from 'chai';
import { compileCel } from '../../../lib/kube/validation/cel.js';
import { parseGoDuration } from '../../../lib/kube/validation/go-duration.js';

const duration = (text: string) => parseGoDuration(text).nanos;
const holds = (rule: string, self: unknown = null) => compileCel(rule)(self);

describe('CEL as kube-apiserver has it', () => {
  it('B-API-5 reads durations as Go does, to the nanosecond', () => {
    expect(duration('1h30m')).to.equal(5_400_000_000_000n);
    expect(duration('4m59.999999999s')).to.equal(299_999_999_999n);
    expect(duration('4m59.9999999999s')).to.equal(299_999_999_999n);
    expect(duration('.5h')).to.equal(duration('30m'));
    expect(duration('1.h')).to.equal(duration('60m'));
    expect(duration('-1.5s')).to.equal(-1_500_000_000n);
    expect(duration('300\u00b5s')).to.equal(duration('300\u03bcs'));
    expect(duration('0')).to.equal(0n);
    expect(duration('9223372036854775807ns')).to.equal(2n ** 63n - 1n);
  });

  it('B-API-5 refuses what Go refuses', () => {
    for (const text of ['', '5', '.s', '1d', '1m ', '+', '1e3s', '9223372036854775808ns', '2562048h']) {
      expect(() => duration(text), text).to.throw(RangeError);
    }
  });

  it('B-API-5 overflows where Go does', () => {
    expect(holds('timestamp(9000000000) - timestamp(0) + duration("1h") > duration("0s")')).to.equal(true);
    expect(() => holds('timestamp(9000000000) - timestamp(0) + duration("2562047h") >= duration("0s")')).to.throw();
  });

  it('B-API-3 reads quantities as kube-apiserver does, those without a digit among them', () => {
    for (const text of ['.', '+', 'Gi', '.Ki', 'e3']) {
      expect(holds('isQuantity(self) && quantity(self).compareTo(quantity("0")) == 0', text), text).to.equal(true);
    }
    for (const text of ['', ' ', '1gi', '1e', 'NaN']) expect(holds('isQuantity(self)', text), text).to.equal(false);
    expect(() => holds('quantity(self).isGreaterThan(quantity("0"))', 'much')).to.throw();
  });

  it('B-API-3 cuts quantities in powers of two at the largest int64, and no others', () => {
    expect(holds('quantity("9Ei").compareTo(quantity("8Ei")) == 0')).to.equal(true);
    expect(holds('quantity("9Ei").compareTo(quantity("9223372036854775807")) == 0')).to.equal(true);
    expect(holds('quantity("11E").isGreaterThan(quantity("10E"))')).to.equal(true);
  });
});
