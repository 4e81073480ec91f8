import { expect } from 'chai';
import fc from 'fast-check';
import { circuitBreaker } from '../../../operator/metrics/endpoint/circuit-breaker.js';
import { CircuitOpen, NoAnswerInTime, RefusedError } from '../../../operator/metrics/endpoint/errors.js';
import { fakeClock } from '../runtime/fake-clock.js';

const outage = new NoAnswerInTime('ProviderUnreachable', 'no answer in time');
const refusal = new RefusedError('bad query', 400);

describe('a circuit breaker', () => {
  function breaker() {
    const clock = fakeClock();
    const call = circuitBreaker({ place: 'It', clock, now: () => 1_800_000_000_000 + clock.now() });
    let calls = 0;
    return {
      clock,
      calls: () => calls,
      /** What comes of a call that ends so. */
      ask: (error?: Error) =>
        call(() => {
          calls += 1;
          return error ? Promise.reject(error) : Promise.resolve('answer');
        }).catch((thrown: unknown) => thrown),
      call,
    };
  }

  it('B-MET-3 opens after three outages in a row; one call tries after a pause, and its answer closes it', async () => {
    const { clock, ask, calls } = breaker();
    for (let i = 0; i < 3; i += 1) expect(await ask(outage)).to.equal(outage);
    expect(await ask()).to.be.instanceOf(CircuitOpen);
    clock.advance(15_000);
    expect(await ask(outage)).to.equal(outage);
    expect(await ask()).to.be.instanceOf(CircuitOpen);
    clock.advance(60_000);
    expect(await ask()).to.equal('answer');
    expect(await ask(outage)).to.equal(outage);
    expect(await ask()).to.equal('answer');
    expect(calls()).to.equal(7);
  });

  it('B-MET-3 lets one call through at a time while it tries', async () => {
    const { clock, ask, call } = breaker();
    for (let i = 0; i < 3; i += 1) await ask(outage);
    clock.advance(15_000);
    let end: (answer: string) => void = () => undefined;
    const probe = call(() => new Promise<string>((resolve) => (end = resolve)));
    expect(await ask()).to.be.instanceOf(CircuitOpen);
    end('back');
    expect(await probe).to.equal('back');
    expect(await ask()).to.equal('answer');
  });

  it('B-MET-3 stays closed when there is no answer in time to what can be asked in parts', async () => {
    const { clock, ask, call } = breaker();
    const tooMuch = () => call(() => Promise.reject(outage), { isDivisible: true }).catch((thrown: unknown) => thrown);
    for (let i = 0; i < 5; i += 1) expect(await tooMuch()).to.equal(outage);
    expect(await ask()).to.equal('answer');
    // It says nothing for the server, either.
    for (let i = 0; i < 3; i += 1) {
      expect(await ask(outage)).to.equal(outage);
      await tooMuch();
    }
    expect(await ask()).to.be.instanceOf(CircuitOpen);
    clock.advance(15_000);
    expect(await tooMuch()).to.equal(outage);
    expect(await ask()).to.be.instanceOf(CircuitOpen);
  });

  it('tells since when, and what was said at last', async () => {
    const { ask, clock } = breaker();
    await ask(outage);
    clock.advance(60_000);
    for (let i = 0; i < 2; i += 1) await ask(outage);
    expect(await ask())
      .to.be.instanceOf(CircuitOpen)
      .with.property(
        'message',
        'It has been away since 2027-01-15T08:00:00.000Z and is given a pause; at last: no answer in time',
      );
  });

  it('B-MET-3 never opens for what is refused, and never asks more than three times within a pause', async () => {
    const step = fc.oneof(fc.constantFrom('outage', 'refusal', 'answer'), fc.nat({ max: 4000 }));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { clock, ask, calls } = breaker();
        let row = 0;
        let openFrom = Number.NEGATIVE_INFINITY;
        for (const one of steps) {
          if (typeof one === 'number') {
            clock.advance(one);
            continue;
          }
          const before = calls();
          const thrown = await ask(one === 'outage' ? outage : one === 'refusal' ? refusal : undefined);
          if (row < 3) expect(thrown).not.to.be.instanceOf(CircuitOpen);
          // Half of ten seconds, with jitter.
          else if (clock.now() - openFrom < 5_000) expect(calls()).to.equal(before);
          if (calls() === before) continue;
          row = one === 'outage' ? row + 1 : 0;
          if (row >= 3) openFrom = clock.now();
        }
      }),
    );
  });
});
