import { expect } from 'chai';
import fc from 'fast-check';
import { percentile, Sketch } from 'optipod/lib/usage';

const sketchOf = (values: readonly number[]) => {
  const sketch = new Sketch();
  for (const value of values) sketch.add(value);
  return sketch;
};

/** Values as usage has them: none, a billionth of a core, terabytes; many of them alike. */
const value = fc.oneof(
  fc.constant(0),
  fc.double({ min: 1e-9, max: 1e13, noNaN: true }),
  fc.integer({ min: 1, max: 400 }).map((pages) => pages * 4096),
);
const few = fc.array(value, { minLength: 1, maxLength: 60 });
/** More than a sketch keeps as they are, made of a few by repeating and shifting them. */
const many = few.map((values) =>
  Array.from({ length: 2500 }, (_, i) => (values[i % values.length] ?? 0) * (1 + i / 5000)),
);
const rank = fc.double({ min: 0, max: 1, noNaN: true });

describe('usage sketch', () => {
  it('B-MET-9 the vectors', () => {
    const of = (values: number[]) => [0.5, 0.9, 0.99].map((p) => Number(sketchOf(values).percentile(p).toFixed(9)));
    expect(of([100, 200, 300])).to.deep.equal([200, 280, 298]);
    expect(of([100, 200])).to.deep.equal([150, 190, 199]);
    expect(of([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000])).to.deep.equal([550, 910, 991]);
    expect(of(Array.from({ length: 100 }, (_, i) => i + 1))).to.deep.equal([50.5, 90.1, 99.01]);
    expect(() => new Sketch().percentile(0.9)).to.throw(RangeError);
  });

  it('B-MET-9 exactly linear interpolation while samples are few', () => {
    fc.assert(
      fc.property(few, rank, (values, p) => {
        expect(sketchOf(values).percentile(p)).to.equal(percentile(Float64Array.from(values).sort(), p));
      }),
    );
  });

  it('B-MET-9 within 1 % of linear interpolation over the same samples always', () => {
    fc.assert(
      fc.property(many, rank, (values, p) => {
        const exact = percentile(Float64Array.from(values).sort(), p);
        expect(Math.abs(sketchOf(values).percentile(p) - exact)).to.be.at.most(exact * 0.01);
      }),
      { numRuns: 60 },
    );
  });

  it('B-MET-9 nothing at all is its own bucket, and the highest sample is never passed', () => {
    const idle = sketchOf([...Array.from({ length: 3000 }, () => 0), 5]);
    expect([idle.percentile(0), idle.percentile(0.99), idle.max]).to.deep.equal([0, 0, 5]);
    expect(idle.percentile(1)).to.be.within(4.95, 5);
  });

  it('merge order is irrelevant', () => {
    const parts = fc.array(fc.oneof(few, many), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(parts, (lists) => {
        const told = (order: number[][]) => {
          const sketch = new Sketch();
          for (const list of order) sketch.merge(sketchOf(list));
          return [sketch.count, sketch.max, ...[0, 0.1, 0.5, 0.9, 0.99, 1].map((p) => sketch.percentile(p))];
        };
        const inOrder = told(lists);
        expect(told([...lists].reverse())).to.deep.equal(inOrder);
        expect(told([lists.flat()])).to.deep.equal(inOrder);
      }),
      { numRuns: 40 },
    );
  });

  it('grows with p, also where samples are many', () => {
    fc.assert(
      fc.property(many, rank, rank, (values, p, q) => {
        const sketch = sketchOf(values);
        expect(sketch.percentile(Math.min(p, q))).to.be.at.most(sketch.percentile(Math.max(p, q)));
      }),
      { numRuns: 30 },
    );
  });

  it('the mean is within 1 %', () => {
    fc.assert(
      fc.property(many, (values) => {
        const exact = values.reduce((sum, one) => sum + one, 0) / values.length;
        expect(Math.abs(sketchOf(values).mean() - exact)).to.be.at.most(exact * 0.01);
      }),
      { numRuns: 30 },
    );
  });
});
