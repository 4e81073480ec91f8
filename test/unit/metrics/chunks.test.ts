import { expect } from 'chai';
import fc from 'fast-check';
import { chunks, chunkSize, countOf, stepsBetween } from '../../../operator/metrics/prometheus/chunks.js';

describe('chunks', () => {
  it('B-MET-3 cover a span without gap or overlap, and follow the number of series', () => {
    const spans = fc.record({ from: fc.nat(1e6), length: fc.nat(3e5), step: fc.integer({ min: 30, max: 600 }) });
    fc.assert(
      fc.property(spans, fc.nat(5000), ({ from, length, step }, series) => {
        const steps = stepsBetween(from, from + length, step);
        const size = chunkSize();
        const instants: number[] = [];
        for (const chunk of steps ? chunks(steps, size) : []) {
          const count = countOf(chunk);
          if (instants.length > 0) expect(count * series).to.be.at.most(Math.max(500_000, series));
          for (let index = 0; index < count; index += 1) instants.push(chunk.start + index * step);
          size.note(count, count * series);
        }
        const first = (Math.floor(from / step) + 1) * step;
        const last = Math.floor((from + length) / step) * step;
        expect(instants.length).to.equal(Math.max(0, (last - first) / step + 1));
        expect(instants[0] ?? first).to.equal(first);
        expect(instants.every((at, index) => at === first + index * step)).to.equal(true);
      }),
    );
  });
});
