import { expect } from 'chai';
import fc from 'fast-check';
import { compareQuantities, formatBytes, formatMillicores, parseQuantity, quantityOf } from 'optipod/kube';

const nanos = (value: string | number) => parseQuantity(value)?.nanos;

describe('quantities', () => {
  it('B-API-3 reads every spelling that kube-apiserver takes', () => {
    expect(nanos('0.5')).to.equal(500_000_000n);
    expect(nanos('500m')).to.equal(500_000_000n);
    expect(nanos('1e3')).to.equal(nanos('1000'));
    expect(nanos('1E3')).to.equal(nanos('1k'));
    expect(nanos('1E')).to.equal(nanos('1e18'));
    expect(nanos('1.5Gi')).to.equal(nanos('1536Mi'));
    expect(nanos('.5')).to.equal(nanos('500m'));
    expect(nanos('5.')).to.equal(nanos(5));
    expect(nanos('+1Gi')).to.equal(nanos(1073741824));
    expect(nanos(2 ** 60)).to.equal(nanos('1Ei'));
    expect(nanos('-1')).to.equal(-1_000_000_000n);
    expect(nanos('100n')).to.equal(100n);
    expect(nanos('1u')).to.equal(1000n);
  });

  it('rounds away from zero what is finer than nano', () => {
    expect(nanos('0.0000000001')).to.equal(1n);
    expect(nanos('-1e-20')).to.equal(-1n);
    expect(nanos('1e-999999')).to.equal(1n);
  });

  it('B-API-3 refuses what is no quantity, an unquoted fraction among it', () => {
    for (const text of [
      '',
      ' ',
      'abc',
      '1 Gi',
      '1gi',
      '1K',
      '--1',
      '1e',
      '.',
      'Gi',
      '0x10',
      '1,5',
      '1Gi ',
      'NaN',
      'Infinity',
    ]) {
      expect(parseQuantity(text), text).to.equal(undefined);
    }
    expect(parseQuantity(0.5)).to.equal(undefined);
    expect(() => quantityOf('many')).to.throw(RangeError, '"many"');
  });

  it('B-REC-2 writes canonically, and what is written is the same amount', () => {
    expect(formatMillicores(240)).to.equal('240m');
    expect(formatMillicores(2000)).to.equal('2');
    expect(formatBytes(512 * 2 ** 20)).to.equal('512Mi');
    expect(formatBytes(2 ** 31)).to.equal('2Gi');
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), (n) => {
        expect(nanos(formatMillicores(n))).to.equal(BigInt(n) * 1_000_000n);
        expect(nanos(formatBytes(n * 1024))).to.equal(BigInt(n) * 1024n * 1_000_000_000n);
        expect(formatBytes(n)).to.not.match(/m$/);
      }),
    );
  });

  it('orders as the amounts are ordered', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
        fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
        (a, b) => {
          const order = compareQuantities(quantityOf(`${a}n`), quantityOf(`${b}n`));
          expect(Math.sign(order)).to.equal(a < b ? -1 : a > b ? 1 : 0);
        },
      ),
    );
  });
});
