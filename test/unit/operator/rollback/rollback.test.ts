import { expect } from 'chai';
import fc from 'fast-check';
import { HOLDOFF, MINUTE, Shop } from './shop.js';

describe('rolling back', () => {
  it('B-APP-11 without anything before, a workload goes back to its own resources, and tries again after the hold-off', () => {
    const shop = new Shop();
    shop.pass('200m');
    shop.replacePod();
    shop.now += 2 * MINUTE;
    shop.crashPod();
    shop.pass('200m');
    expect(shop.said).to.equal(undefined);
    expect(shop.events).to.have.length(1);
    expect(shop.events[0]).to.match(
      /^Regressed: container app crashes again and again .* since 2026-01-02T12:00:00Z; .* until 2026-01-02T18:02:00Z$/,
    );
    shop.replacePod();
    for (let hour = 0; hour < 5; hour++) {
      shop.now += 3600;
      shop.pass('210m');
      expect(shop.said).to.equal(undefined);
    }
    shop.now += 3600;
    shop.pass('210m');
    expect(shop.said).to.equal('210m');
    expect(shop.events).to.have.length(1);
  });

  it('B-APP-11 goes back to what was applied before, not to what no pod ever had', () => {
    const shop = new Shop();
    shop.pass('300m');
    shop.replacePod();
    shop.now += 3600;
    shop.pass('300m');
    shop.pass('250m');
    shop.now += MINUTE;
    shop.pass('200m');
    shop.replacePod();
    shop.now += MINUTE;
    shop.crashPod();
    shop.pass('200m');
    expect(shop.said).to.equal('300m');
    expect(shop.isSuspended).to.equal(true);
  });

  it('B-APP-11 what did well for as long as it is watched is not blamed later', () => {
    const shop = new Shop();
    shop.pass('200m');
    shop.replacePod();
    shop.now += 31 * MINUTE;
    shop.pass('200m');
    expect(shop.applying?.change?.proven).to.equal(true);
    shop.replacePod();
    shop.now += MINUTE;
    shop.crashPod();
    shop.pass('200m');
    expect(shop.said).to.equal('200m');
    expect(shop.events).to.deep.equal([]);
  });

  it('B-APP-11 an edit of the template is not fought: it ends the suspension, and what follows is not blamed', () => {
    const shop = new Shop();
    shop.pass('200m');
    shop.replacePod();
    shop.crashPod();
    shop.pass('200m');
    expect(shop.isSuspended).to.equal(true);
    shop.workload = { ...shop.workload, content: 'b' };
    expect(shop.isSuspended).to.equal(false);
    shop.pass('200m');
    expect(shop.said).to.equal('200m');
  });

  it('B-APP-11 never goes back without a change, always does what it decided, and always tries again', () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('pass' as const), cpu: fc.constantFrom('200m', '250m', '300m') }),
      fc.record({ do: fc.constantFrom('replace' as const, 'crash' as const) }),
      fc.record({ do: fc.constant('wait' as const), minutes: fc.constantFrom(1, 5, 20, 120, 360) }),
    );
    let regressions = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 60 }), (steps) => {
        const shop = new Shop();
        for (const one of steps) {
          if (one.do === 'wait') shop.now += one.minutes * MINUTE;
          if (one.do === 'replace') shop.replacePod();
          if (one.do === 'crash') shop.crashPod();
          if (one.do !== 'pass') continue;
          const [before, said, cpu] = [shop.events.length, shop.said, shop.cpuOfPod()];
          const wasSuspended = shop.isSuspended;
          shop.pass(one.cpu);
          if (shop.events.length > before) {
            regressions += 1;
            // The pod that was hurt had what was said, and that is said no more.
            expect(wasSuspended).to.equal(false);
            expect(cpu).to.equal(said);
            expect(shop.said).not.to.equal(said);
          } else if (shop.isSuspended) expect(shop.said).to.equal(said);
          else expect(shop.said).to.equal(one.cpu);
        }
        shop.now += HOLDOFF;
        shop.replacePod();
        shop.pass('275m');
        expect(shop.said).to.equal('275m');
      }),
      { numRuns: 500 },
    );
    expect(regressions).to.be.above(20);
  });
});
