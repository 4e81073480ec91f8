import { expect } from 'chai';
import fc from 'fast-check';
import { breakerAt } from 'optipod/lib/apply';
import { formatInstant } from 'optipod/lib/recommend';

const NOW = Date.parse('2026-01-02T12:00:00Z') / 1000;
const LIMITS = { share: 0.1, window: 3600 };

const changed = (ago: number) => ({ status: { lastApplied: formatInstant(NOW - ago) } });
const suspended = (ago: number, reason: string) => ({
  status: {
    lastApplied: formatInstant(NOW - ago - 600),
    applying: {
      suspension: { reason, message: '', since: formatInstant(NOW - ago), until: formatInstant(NOW - ago + 21_600) },
    },
  },
});
const regressed = (ago: number) => suspended(ago, 'Regressed');
const times = <T>(n: number, one: T): T[] => Array.from({ length: n }, () => one);

describe('the circuit breaker', () => {
  it('B-APP-10 opens where too large a share of the workloads changed lately regressed', () => {
    const { isOpen, ...counts } = breakerAt([...times(20, changed(60)), ...times(3, regressed(60))], LIMITS, NOW);
    expect(isOpen).to.equal(true);
    expect(counts).to.include({ changed: 23, regressed: 3 });
    expect(breakerAt([...times(40, changed(60)), ...times(3, regressed(60))], LIMITS, NOW).isOpen).to.equal(false);
  });

  it('B-APP-10 stays closed for one or two, for other suspensions, and for what is long past', () => {
    expect(breakerAt(times(2, regressed(60)), LIMITS, NOW).isOpen).to.equal(false);
    expect(breakerAt(times(9, suspended(60, 'SSAConflict')), LIMITS, NOW).isOpen).to.equal(false);
    expect(breakerAt(times(9, regressed(3601)), LIMITS, NOW).isOpen).to.equal(false);
    expect(breakerAt([{}, { status: {} }], LIMITS, NOW)).to.deep.equal({ isOpen: false, changed: 0, regressed: 0 });
  });

  it('B-APP-10 closes by itself at the time that it tells, if nothing more regresses', () => {
    const past = fc.array(fc.integer({ min: 0, max: 4000 }), { maxLength: 8 });
    fc.assert(
      fc.property(past, past, (regressions, changes) => {
        const world = [...regressions.map(regressed), ...changes.map(changed)];
        const { isOpen, closesAt } = breakerAt(world, LIMITS, NOW);
        expect(closesAt !== undefined).to.equal(isOpen);
        if (closesAt === undefined) return;
        expect(closesAt).to.be.within(NOW, NOW + LIMITS.window);
        expect(breakerAt(world, LIMITS, closesAt).isOpen).to.equal(false);
      }),
    );
  });
});
