import { expect } from 'chai';
import fc from 'fast-check';
import { coveredBy, coveredUntil, planReads, type Coverage, type Demand } from '../../../operator/usage/read-plan.js';

const DAY = 86_400;
const options = (to: number, looksBack = true) => ({ to, looksBack, interval: 60, peakWindow: 14 * DAY });
const NOW = 1000 * DAY;

/** Every planned reading done, with a sample at its very end. */
function done(coverage: Coverage, demand: Demand, to: number, { slice = Infinity, looksBack = true } = {}): Coverage {
  return planReads(coverage, demand, { ...options(to, looksBack), slice }).reduce(
    (all, read) => coveredBy(all, read, read.to),
    coverage,
  );
}

describe('plan of readings', () => {
  it('B-MET-3 one look back for all namespaces, then one reading an interval', () => {
    const demand = new Map(Array.from({ length: 300 }, (_, i) => [`shop-${i}`, [DAY]]));
    const [start, ...more] = planReads(new Map(), demand, options(NOW));
    expect(start).to.deep.include({ part: 'start', from: NOW - DAY, to: NOW, peaksFrom: NOW - 14 * DAY });
    expect(start?.namespaces).to.have.length(300);
    expect(more).to.deep.equal([]);
    const covered = done(new Map(), demand, NOW);
    expect(planReads(covered, demand, options(NOW))).to.deep.equal([]);
    const next = planReads(covered, demand, options(NOW + 60));
    expect(next.map(({ part, from, to }) => ({ part, from, to }))).to.deep.equal([
      { part: 'news', from: NOW, to: NOW + 60 },
    ]);
  });

  it('B-MET-3 namespaces and windows that come later bring only what is missing', () => {
    const covered = done(new Map(), new Map([['shop', [DAY]]]), NOW);
    const plan = planReads(
      covered,
      new Map([
        ['shop', [7 * DAY]],
        ['new', [DAY]],
      ]),
      options(NOW),
    );
    expect(plan).to.deep.equal([
      { part: 'start', from: NOW - DAY, to: NOW, namespaces: ['new'], peaksFrom: NOW - 14 * DAY },
      { part: 'past', from: NOW - 7 * DAY, to: NOW - DAY, namespaces: ['shop'] },
    ]);
  });

  it('B-MET-3 the windows of a namespace follow one another, the shortest first, and each second is read once', () => {
    const demand = new Map([
      ['b', [30 * DAY, DAY, 7 * DAY]],
      ['a', [DAY]],
    ]);
    expect(planReads(new Map(), demand, options(NOW))).to.deep.equal([
      { part: 'start', from: NOW - DAY, to: NOW, namespaces: ['a', 'b'], peaksFrom: NOW - 14 * DAY },
      { part: 'past', from: NOW - 7 * DAY, to: NOW - DAY, namespaces: ['b'] },
      { part: 'past', from: NOW - 30 * DAY, to: NOW - 7 * DAY, namespaces: ['b'] },
    ]);
  });

  it('B-MET-3 a long past is read in slices that end at midnight, the nearest first', () => {
    const demand = new Map([['shop', [20 * DAY]]]);
    const to = NOW + 3600;
    const plan = planReads(new Map(), demand, { ...options(to), slice: 7 * DAY });
    expect(plan).to.deep.equal([
      { part: 'start', from: NOW - 7 * DAY, to, namespaces: ['shop'], peaksFrom: to - 14 * DAY },
      { part: 'past', from: NOW - 14 * DAY, to: NOW - 7 * DAY, namespaces: ['shop'] },
      { part: 'past', from: to - 20 * DAY, to: NOW - 14 * DAY, namespaces: ['shop'] },
    ]);
  });

  it('whatever comes and goes, all that is asked for is covered by one round of readings, and a second has nothing to do', () => {
    const windows = fc.uniqueArray(fc.integer({ min: 300, max: 90 * DAY }), { minLength: 1, maxLength: 3 });
    const demands = fc.array(fc.dictionary(fc.constantFrom('a', 'b', 'c'), windows, { noNullPrototype: true }), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(demands, fc.integer({ min: DAY, max: 30 * DAY }), (list, slice) => {
        let coverage: Coverage = new Map();
        list.forEach((asked, turn) => {
          const to = NOW + turn * 60;
          const demand = new Map(Object.entries(asked));
          coverage = done(coverage, demand, to, { slice });
          for (const [namespace, all] of demand) {
            expect(coverage.get(namespace)?.from).to.be.at.most(to - Math.max(...all));
            expect(coverage.get(namespace)?.to).to.equal(to);
          }
          expect(planReads(coverage, demand, options(to))).to.deep.equal([]);
        });
      }),
    );
  });

  it('B-MET-10 what a server had nothing of yet is asked for again: its clock may be behind', () => {
    const demand = new Map([['shop', [DAY]]]);
    let coverage = done(new Map(), demand, NOW);
    for (let minute = 1; minute <= 10; minute += 1) {
      for (const read of planReads(coverage, demand, options(NOW + minute * 60))) {
        expect(read.from).to.equal(NOW);
        coverage = coveredBy(coverage, read, undefined);
      }
    }
    expect(coverage.get('shop')).to.include({ to: NOW, asked: NOW + 600 });
    // Never farther back than anybody asks for.
    expect(planReads(coverage, demand, options(NOW + 3 * DAY))[0]).to.include({ from: NOW + 2 * DAY });
  });

  it('B-MET-3 however long there are no samples, what is asked for does not grow; all that is new is read once they come', () => {
    const demand = new Map([['shop', [30 * DAY]]]);
    let coverage = done(new Map(), demand, NOW);
    const spans: number[] = [];
    for (let minute = 1; minute <= 3000; minute += 1) {
      for (const read of planReads(coverage, demand, options(NOW + minute * 60))) {
        spans.push(read.to - read.from);
        coverage = coveredBy(coverage, read, undefined);
      }
    }
    expect(spans).to.have.length(3000);
    // An hour that samples may be late, and what was not asked for before.
    expect(Math.max(...spans)).to.equal(3660);
    const to = NOW + 3001 * 60;
    const [glance] = planReads(coverage, demand, options(to));
    expect(glance).to.include({ part: 'glance', from: to - 3660, to });
    if (glance) coverage = coveredBy(coverage, glance, to - 60);
    const [news] = planReads(coverage, demand, options(to));
    expect(news).to.include({ part: 'news', from: NOW, to });
    if (news) coverage = coveredBy(coverage, news, to - 60);
    expect(planReads(coverage, demand, options(to + 60))).to.deep.equal([
      { part: 'news', from: to - 60, to: to + 60, namespaces: ['shop'] },
    ]);
  });

  it('B-MET-3 a namespace that comes while others have no samples has them read for once, and no more often', () => {
    const quiet = { from: NOW - DAY, to: NOW - 10 * 3600, asked: NOW, isQuiet: true };
    const coverage = new Map([
      ['shop', quiet],
      ['new', { from: NOW - DAY, to: NOW, asked: NOW, isQuiet: false }],
    ]);
    const demand = new Map(['shop', 'new'].map((namespace) => [namespace, [DAY]]));
    const [news] = planReads(coverage, demand, options(NOW + 60));
    expect(news).to.include({ part: 'news', from: quiet.to });
    const after = news ? coveredBy(coverage, news, undefined) : coverage;
    expect(planReads(after, demand, options(NOW + 120))[0]).to.include({ part: 'glance', from: NOW + 60 - 3600 });
  });

  it('what was read when the clock was in the future does not count', () => {
    const demand = new Map([['shop', [DAY]]]);
    const coverage = done(new Map(), demand, NOW + 400 * DAY);
    expect(planReads(coverage, demand, options(NOW))[0]).to.include({ part: 'start', from: NOW - DAY, to: NOW });
  });

  it('B-MET-5 of a provider without a past there is one reading, of everything', () => {
    const demand = new Map([
      ['a', [DAY]],
      ['b', [7 * DAY]],
    ]);
    const read = planReads(new Map(), demand, options(NOW, false));
    expect(read).to.deep.equal([{ part: 'news', from: NOW - 60, to: NOW, namespaces: ['a', 'b'] }]);
    expect(planReads(new Map(), new Map(), options(NOW, false))).to.deep.equal([]);
  });

  it('B-MET-5 of a provider without a past everything is covered at once, however many ask within a second', () => {
    const demands = fc.array(fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }), { minLength: 1 });
    fc.assert(
      fc.property(demands, fc.integer({ min: 1, max: 4 }), (list, turnsASecond) => {
        let coverage: Coverage = new Map();
        list.forEach((namespaces, turn) => {
          const to = NOW + Math.floor(turn / turnsASecond);
          const demand = new Map(namespaces.map((namespace) => [namespace, [DAY]]));
          coverage = done(coveredUntil(coverage, to), demand, to, { looksBack: false });
          for (const namespace of namespaces) expect(coveredUntil(coverage, to).get(namespace)?.asked).to.equal(to);
          expect(planReads(coverage, demand, options(to, false))).to.deep.equal([]);
        });
      }),
    );
  });
});
