import { expect } from 'chai';
import fc from 'fast-check';
import { createBudget } from '../../../../operator/applying/guards/budget.js';

const MINUTE = 60_000;

describe('a budget of disruptions', () => {
  it('B-APP-10 is empty when it is first asked, then has one an interval, and a sixth of the hour at most', () => {
    let now = 0;
    const budget = createBudget(60, () => now);
    // The ten that may come at once are the hour's too: the other 51 are spread over it.
    const INTERVAL = Math.ceil((61 * MINUTE) / 51);
    now = 1e9;
    expect(budget.waitMs('shop')).to.equal(INTERVAL);
    now += INTERVAL;
    expect(budget.waitMs('shop')).to.equal(0);
    now += 1000 * MINUTE;
    for (let taken = 0; taken < 10; taken++) {
      expect(budget.waitMs('shop'), String(taken)).to.equal(0);
      budget.take('shop');
    }
    expect(budget.waitMs('shop')).to.equal(INTERVAL);
    budget.giveBack('shop');
    expect(budget.waitMs('shop')).to.equal(0);
  });

  it('B-APP-10 asked without a break it gives what it says, and no more in any hour, whichever one looks at', () => {
    for (const perHour of [1, 2, 5, 6, 7, 30, 60, 100]) {
      let now = 1e12;
      const budget = createBudget(perHour, () => now);
      budget.waitMs('shop');
      // A quiet day, so that as much comes at once as ever may.
      now += 24 * 60 * MINUTE;
      const given: number[] = [];
      for (const end = now + 5 * 60 * MINUTE; now < end; now += budget.waitMs('shop')) {
        while (budget.waitMs('shop') === 0) {
          budget.take('shop');
          given.push(now);
        }
      }
      const within = given.map((from) => given.filter((at) => at >= from && at < from + 60 * MINUTE).length);
      expect(Math.max(...within), `of ${String(perHour)}`).to.be.within(Math.floor(0.98 * perHour), perHour);
    }
  });

  it('B-APP-10 of 0 forbids, and its keys do not share', () => {
    let now = 0;
    expect(createBudget(0, () => now).waitMs('shop')).to.equal(3_600_000);
    const budget = createBudget(6, () => now);
    budget.waitMs('shop');
    now += 11 * MINUTE;
    budget.take('shop');
    expect(budget.waitMs('shop')).to.be.above(0);
    expect(budget.waitMs('bank')).to.equal(0);
  });

  it('B-APP-10 never has more done in any hour than it says, nor a sixth more than a span brings, over any change of leaders', () => {
    const step = fc.record({
      wait: fc.oneof(fc.integer({ min: 0, max: 2 * MINUTE }), fc.integer({ min: 0, max: 20 * MINUTE })),
      key: fc.constantFrom('shop', 'bank'),
      isNewLeader: fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.boolean() }),
      // What is taken and not done is given back before the next step.
      isRefused: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.array(step, { maxLength: 80 }), (perHour, steps) => {
        let now = 1e12;
        let budget = createBudget(perHour, () => now);
        const given: { readonly at: number; readonly key: string }[] = [];
        for (const { wait, key, isNewLeader, isRefused } of steps) {
          if (isNewLeader) budget = createBudget(perHour, () => now);
          const isTaken = isRefused && budget.waitMs(key) === 0;
          if (isTaken) budget.take(key);
          now += wait;
          if (isTaken) budget.giveBack(key);
          while (budget.waitMs(key) === 0) {
            budget.take(key);
            given.push({ at: now, key });
          }
        }
        const most = Math.max(1, perHour / 6);
        for (const [index, { at, key }] of given.entries()) {
          const later = given.slice(index).filter((one) => one.key === key);
          for (const [count, one] of later.entries()) {
            const span = (one.at - at) / (60 * MINUTE);
            expect(count + 1).to.be.at.most(most + span * (perHour + 1 - most) + 1e-6);
            if (span < 1) expect(count + 1, 'within an hour').to.be.at.most(perHour);
          }
        }
      }),
    );
  });
});
