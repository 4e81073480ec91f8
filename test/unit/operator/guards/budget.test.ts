import { expect } from 'chai';
import fc from 'fast-check';
import { createBudget } from '../../../../operator/applying/guards/budget.js';

const MINUTE = 60_000;

describe('a budget of disruptions', () => {
  it('B-APP-10 is empty when it is first asked, then has one an interval, and a sixth of the hour at most', () => {
    let now = 0;
    const budget = createBudget(60, () => now);
    now = 1e9;
    expect(budget.waitMs('shop')).to.equal(MINUTE);
    now += MINUTE;
    expect(budget.waitMs('shop')).to.equal(0);
    now += 1000 * MINUTE;
    for (let taken = 0; taken < 10; taken++) {
      expect(budget.waitMs('shop'), String(taken)).to.equal(0);
      budget.take('shop');
    }
    expect(budget.waitMs('shop')).to.equal(MINUTE);
    budget.giveBack('shop');
    expect(budget.waitMs('shop')).to.equal(0);
  });

  it('B-APP-10 of 0 forbids, and its keys do not share', () => {
    let now = 0;
    expect(createBudget(0, () => now).waitMs('shop')).to.equal(3_600_000);
    const budget = createBudget(6, () => now);
    budget.waitMs('shop');
    now += 10 * MINUTE;
    budget.take('shop');
    expect(budget.waitMs('shop')).to.be.above(0);
    expect(budget.waitMs('bank')).to.equal(0);
  });

  it('B-APP-10 never gives more in any span than a sixth of an hour’s and what the span brings, over any change of leaders', () => {
    const step = fc.record({
      wait: fc.integer({ min: 0, max: 20 * MINUTE }),
      key: fc.constantFrom('shop', 'bank'),
      isNewLeader: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 120 }), fc.array(step, { maxLength: 60 }), (perHour, steps) => {
        let now = 1e12;
        let budget = createBudget(perHour, () => now);
        const given: { readonly at: number; readonly key: string }[] = [];
        for (const { wait, key, isNewLeader } of steps) {
          now += wait;
          if (isNewLeader) budget = createBudget(perHour, () => now);
          while (budget.waitMs(key) === 0) {
            budget.take(key);
            given.push({ at: now, key });
          }
        }
        const most = Math.max(1, perHour / 6);
        for (const [index, { at, key }] of given.entries()) {
          const later = given.slice(index).filter((one) => one.key === key);
          for (const [count, one] of later.entries()) {
            expect(count + 1).to.be.at.most(most + ((one.at - at) * perHour) / (60 * MINUTE) + 1e-6);
          }
        }
      }),
    );
  });
});
