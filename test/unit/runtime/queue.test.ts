import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';
import fc from 'fast-check';
import { createMetrics, createQueue } from '../../../operator/runtime/index.js';
import { fakeClock } from './fake-clock.js';

describe('work queue', () => {
  it('never gives a key to two workers, and loses none', async () => {
    const key = fc.constantFrom('a', 'b', 'c');
    const step = fc.oneof(
      fc.record({ do: fc.constant('add' as const), key }),
      fc.record({ do: fc.constant('get' as const) }),
      fc.record({ do: fc.constant('done' as const), key }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const queue = createQueue({ name: 'test' });
        const wanted = new Set<string>();
        const working = new Set<string>();
        const take = async () => {
          const next = await queue.get();
          if (next === undefined) throw new Error('shut down');
          expect(working.has(next), 'two workers on one key').to.equal(false);
          expect(wanted.delete(next), 'given without need').to.equal(true);
          working.add(next);
        };
        for (const action of steps) {
          if (action.do === 'add') {
            queue.add(action.key);
            wanted.add(action.key);
          } else if (action.do === 'get') {
            if (queue.length > 0) await take();
          } else if (working.delete(action.key)) queue.done(action.key);
        }
        while (working.size + queue.length > 0) {
          for (const busy of working) queue.done(busy);
          working.clear();
          while (queue.length > 0) await take();
        }
        expect([...wanted]).to.deep.equal([]);
        await queue.shutDown();
      }),
    );
  });

  it('gives keys in the order they came, to those who wait first', async () => {
    const queue = createQueue({ name: 'test' });
    const [first, second] = [queue.get(), queue.get()];
    queue.add('a');
    queue.add('b');
    queue.add('a');
    expect(await Promise.all([first, second])).to.deep.equal(['a', 'b']);
    expect(queue.length).to.equal(0);
    queue.done('a');
    expect(await queue.get()).to.equal('a');
  });

  it('lets edits overtake what can wait, and what can wait does not wait forever', async () => {
    const priority = fc.constantFrom(...Array<'high'>(4).fill('high'), 'low' as const);
    await fc.assert(
      fc.asyncProperty(fc.array(priority, { minLength: 1, maxLength: 80 }), async (priorities) => {
        const queue = createQueue({ name: 'test' });
        priorities.forEach((each, index) => queue.add(`${each}-${String(index)}`, each));
        const given = (await Promise.all(priorities.map(() => queue.get()))).map((key) => key ?? '');
        for (const each of ['high', 'low']) {
          const indexes = given.filter((key) => key.startsWith(each)).map((key) => Number(key.split('-')[1]));
          expect(indexes, 'in the order they came').to.deep.equal(indexes.toSorted((a, b) => a - b));
        }
        const lows = given.flatMap((key, index) => (key.startsWith('low') ? [index] : []));
        lows.forEach((place, nth) => {
          const highsLeft = given.slice(place).some((key) => key.startsWith('high'));
          if (highsLeft) expect(place, 'one of ten').to.equal(nth * 10 + 9);
          else expect(place, 'not later than that').to.be.at.most(nth * 10 + 9);
        });
      }),
    );
  });

  it('moves a low key up that is added again as a high one', async () => {
    const queue = createQueue({ name: 'test' });
    for (const key of ['a', 'b', 'c']) queue.add(key, 'low');
    queue.add('c');
    expect(await queue.get()).to.equal('c');
    queue.add('c', 'low');
    queue.add('c', 'high');
    queue.done('c');
    expect([await queue.get(), await queue.get(), await queue.get()]).to.deep.equal(['c', 'a', 'b']);
  });

  it('finishes what is in flight at shutdown, and starts nothing more', async () => {
    const queue = createQueue({ name: 'test' });
    queue.add('a');
    queue.add('b');
    queue.addAfter('c', 1);
    expect(await queue.get()).to.equal('a');
    let finished = false;
    const end = queue.shutDown().then(() => (finished = true));
    queue.add('d');
    expect(await queue.get()).to.equal(undefined);
    await turn();
    expect(finished).to.equal(false);
    queue.done('a');
    await end;
    expect(queue.length).to.equal(0);
  });

  describe('with time', () => {
    let clock: ReturnType<typeof fakeClock>;
    beforeEach(() => (clock = fakeClock()));

    it('takes the earliest of several times for one key', () => {
      const queue = createQueue({ name: 'test', clock });
      queue.addAfter('a', 1000);
      queue.addAfter('a', 100);
      queue.addAfter('a', 5000);
      clock.advance(99);
      expect(queue.length).to.equal(0);
      clock.advance(1);
      expect(queue.length).to.equal(1);
      clock.advance(10_000);
      expect(queue.length).to.equal(1);
    });

    it('doubles the pause of a failing key from 5 ms to 1000 s, until it did well', async () => {
      const queue = createQueue({ name: 'test', clock });
      const pauseOf = async () => {
        queue.addRateLimited('a');
        const wait = clock.next();
        clock.advance(wait);
        queue.done((await queue.get()) ?? '');
        return wait;
      };
      expect([await pauseOf(), await pauseOf(), await pauseOf()]).to.deep.equal([5, 10, 20]);
      for (let failure = 0; failure < 1100; failure += 1) await pauseOf();
      expect(await pauseOf()).to.equal(1_000_000);
      queue.forget('a');
      expect(await pauseOf()).to.equal(5);
    });

    it('works on a key when nothing more happens to it, and does not wait for that forever', () => {
      const queue = createQueue({ name: 'test', clock });
      const happens = () => queue.addSettled('a', { quietMs: 100, maxMs: 1000 });
      happens();
      clock.advance(60);
      happens();
      clock.advance(99);
      expect(queue.length).to.equal(0);
      clock.advance(1);
      expect(queue.length).to.equal(1);

      const stream = createQueue({ name: 'test', clock });
      for (let passed = 0; passed < 1000; passed += 50) {
        expect(stream.length).to.equal(0);
        stream.addSettled('a', { quietMs: 100, maxMs: 1000 });
        clock.advance(50);
      }
      expect(stream.length).to.equal(1);
    });

    it('works on a key at once that is added while it settles, and once', async () => {
      const queue = createQueue({ name: 'test', clock });
      queue.addSettled('a', { quietMs: 100, maxMs: 1000 }, 'low');
      queue.add('a');
      queue.done((await queue.get()) ?? '');
      clock.advance(10_000);
      expect(queue.length).to.equal(0);
    });

    it('keeps the priority of a key that failed', async () => {
      const queue = createQueue({ name: 'test', clock });
      queue.add('edited', 'high');
      queue.add('looked at', 'low');
      for (let turn = 0; turn < 2; turn += 1) {
        const key = (await queue.get()) ?? '';
        queue.addRateLimited(key);
        queue.done(key);
      }
      queue.add('other', 'low');
      clock.advance(5);
      expect([await queue.get(), await queue.get(), await queue.get()]).to.deep.equal(['edited', 'other', 'looked at']);
    });
  });

  it('counts under the names of client-go', async () => {
    const metrics = createMetrics();
    const queue = createQueue({ name: 'test', metrics });
    for (const key of ['a', 'b', 'a']) queue.add(key);
    queue.done((await queue.get()) ?? '');
    const text = await metrics.registry.metrics();
    expect(text).to.contain('workqueue_adds_total{name="test"} 2');
    expect(text).to.contain('workqueue_depth{name="test"} 1');
    expect(text).to.contain('workqueue_queue_duration_seconds_count{name="test"} 1');
    expect(text).to.contain('workqueue_work_duration_seconds_count{name="test"} 1');
  });
});
