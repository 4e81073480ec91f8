import { expect } from 'chai';
import fc from 'fast-check';
import { type Correlated, type Occurrence, createEventCorrelator } from '../../../operator/runtime/index.js';

const MINUTE = 60_000;

function occurrence(name: string, reason: string, message: string, type: Occurrence['type'] = 'Warning'): Occurrence {
  return {
    regarding: { apiVersion: 'v1', kind: 'Pod', namespace: 'ns', name, uid: `uid-${name}` },
    type,
    reason,
    message,
  };
}

/** Things that happen, each some time after the one before. */
const happening = fc.array(
  fc.record({
    afterMs: fc.oneof(fc.nat(1000), fc.nat(20 * MINUTE)),
    name: fc.constantFrom('web', 'db'),
    reason: fc.constantFrom('Failed', 'Refused'),
    message: fc.nat(40).map((number) => `message ${number}`),
  }),
  { maxLength: 300 },
);

interface Told extends Correlated {
  readonly at: number;
}

function run(steps: readonly { afterMs: number; name: string; reason: string; message: string }[]) {
  const correlator = createEventCorrelator();
  const told: Told[] = [];
  const occurrences: (Occurrence & { readonly at: number })[] = [];
  let at = 1_000_000;
  for (const { afterMs, name, reason, message } of steps) {
    at += afterMs;
    const one = occurrence(name, reason, message);
    occurrences.push({ ...one, at });
    const event = correlator.correlate(one, at);
    if (event) told.push({ ...event, at });
  }
  return { told, occurrences };
}

describe('event correlator', () => {
  it('counts the same again, in the event that there is', () => {
    const correlator = createEventCorrelator();
    const again = [0, 1, 2].map((at) => correlator.correlate(occurrence('web', 'Failed', 'no disk'), at));
    expect(again.map((event) => event?.count)).to.deep.equal([1, 2, 3]);
    expect(new Set(again.map((event) => event?.key)).size).to.equal(1);
    expect(again[2]).to.include({ first: 0, last: 2, message: 'no disk' });
  });

  it('combines what differs in its message alone from the tenth on, and begins anew after ten quiet minutes', () => {
    const correlator = createEventCorrelator();
    const events = Array.from({ length: 15 }, (_, number) =>
      correlator.correlate(occurrence('web', 'Failed', `disk ${number}`), number),
    );
    expect(events[8]).to.include({ message: 'disk 8', count: 1 });
    expect(events[9]).to.include({ message: '(combined from similar events): disk 9', count: 1 });
    expect(events[14]).to.include({
      message: '(combined from similar events): disk 14',
      count: 6,
      key: events[9]?.key,
    });
    expect(correlator.correlate(occurrence('web', 'Refused', 'disk 9'), 20)?.message).to.equal('disk 9');
    expect(correlator.correlate(occurrence('web', 'Failed', 'disk 3'), 21)).to.include({ message: 'disk 3', count: 2 });
    const later = 21 + 10 * MINUTE + 1;
    expect(correlator.correlate(occurrence('web', 'Failed', 'disk 99'), later)?.message).to.equal('disk 99');
  });

  it('lets 25 events of an object pass at once and one more every five minutes, and goes on counting', () => {
    const correlator = createEventCorrelator();
    const tell = (at: number) => correlator.correlate(occurrence('web', 'Failed', 'no disk'), at);
    const passed = Array.from({ length: 100 }, () => tell(0)).filter((event) => event !== undefined);
    expect(passed).to.have.length(25);
    expect(tell(5 * MINUTE - 1)).to.equal(undefined);
    expect(tell(5 * MINUTE)).to.include({ count: 102 });
    expect(correlator.correlate(occurrence('db', 'Failed', 'no disk'), 0)).to.include({ count: 1 });
    expect(correlator.correlate(occurrence('web', 'Scaled', 'to 3', 'Normal'), 0)).to.include({ count: 1 });
  });

  it('writes of one object never more than its bucket holds, over any span of time', () => {
    fc.assert(
      fc.property(happening, (steps) => {
        const { told } = run(steps);
        for (const name of ['web', 'db']) {
          const times = told.filter(({ regarding }) => regarding.name === name).map(({ at }) => at);
          for (const [from, start] of times.entries()) {
            for (const [to, end] of times.entries()) {
              if (to >= from) expect(to - from + 1).to.be.at.most(25 + (end - start) / (5 * MINUTE) + 1e-6);
            }
          }
        }
      }),
    );
  });

  it('never counts what did not happen, nor counts down, nor mixes objects and reasons', () => {
    fc.assert(
      fc.property(happening, (steps) => {
        const { told, occurrences } = run(steps);
        const last = new Map<string, Told>();
        for (const event of told) {
          const before = last.get(event.key);
          if (before) {
            expect(event.count).to.be.greaterThan(before.count);
            expect([event.first, event.regarding, event.reason]).to.deep.equal([
              before.first,
              before.regarding,
              before.reason,
            ]);
          }
          last.set(event.key, event);
        }
        for (const name of ['web', 'db'])
          for (const reason of ['Failed', 'Refused']) {
            const is = (one: Occurrence) => one.regarding.name === name && one.reason === reason;
            const counted = [...last.values()].filter(is).reduce((sum, { count }) => sum + count, 0);
            expect(counted).to.be.at.most(occurrences.filter(is).length);
          }
      }),
    );
  });

  it('makes at most ten events of one object and reason that are seen together', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1000), { maxLength: 200 }), (numbers) => {
        const correlator = createEventCorrelator({ burst: 1000 });
        const keys = numbers.map(
          (number, at) => correlator.correlate(occurrence('web', 'Failed', String(number)), at)?.key,
        );
        expect(new Set(keys).size).to.be.at.most(10);
        expect(keys).not.to.include(undefined);
      }),
    );
  });

  it('remembers no more than its bound, whatever is told', () => {
    const correlator = createEventCorrelator({ remembered: 3 });
    const tell = (name: string, at: number) => correlator.correlate(occurrence(name, 'Failed', 'no disk'), at)?.count;
    expect(['a', 'b', 'c', 'a'].map(tell)).to.deep.equal([1, 1, 1, 2]);
    // One more, and what was used longest ago is forgotten.
    expect(['d', 'a', 'b'].map(tell)).to.deep.equal([1, 3, 1]);
  });
});
