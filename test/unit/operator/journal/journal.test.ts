import { createHash } from 'node:crypto';
import { expect } from 'chai';
import fc from 'fast-check';
import { ConnectionError, NotLeaderError } from '../../../../operator/runtime/index.js';
import { createJournal } from '../../../../operator/journal/journal.js';
import { JournalConflict } from '../../../../operator/journal/record.js';
import { configMaps, type Fault } from '../../../support/config-maps.js';
import { type Keeper, openKeeper, readingsIn, recordOf } from '../../../support/keeper.js';

const PROVIDER = 'metrics-server';
/** So small that a segment has three parts, and an interval one. */
const PART_BYTES = 40;
const padding = (readings: readonly number[]) => createHash('sha512').update(readings.join(' ')).digest();

const world = () => configMaps(PROVIDER);
type World = ReturnType<typeof world>;

const journalOn = (maps: World, fault?: Fault, partBytes = PART_BYTES) =>
  createJournal({ provider: PROVIDER, access: maps.access(fault), namespace: 'own', creator: 'a test', partBytes });
const open = (maps: World, fault?: Fault) => openKeeper(journalOn(maps, fault), padding);

/** Each time, the next reading; and what is done with those that there are. */
const step = fc.constantFrom(...(['append', 'append', 'append', 'append', 'seal', 'sealAll', 'forget'] as const));
const steps = fc.array(step, { minLength: 1, maxLength: 25 });

/** How many readings are of use; older ones are forgotten. */
const WINDOW = 8;

/** What was read so far, by whatever process. */
interface Time {
  /** The next reading. */
  next: number;
  /** The one that is being written. */
  writing?: number | undefined;
}

async function take(keeper: Keeper, what: readonly string[], time: Time): Promise<void> {
  for (const one of what) {
    if (one === 'seal') await keeper.seal();
    else if (one === 'sealAll') await keeper.sealAll();
    else if (one === 'forget') await keeper.forget(time.next - WINDOW);
    else {
      time.writing = time.next;
      time.next += 1;
      await keeper.append(time.writing);
      time.writing = undefined;
    }
  }
}

const failure = (call: Promise<unknown>) =>
  call.then(
    () => expect.fail('did not fail'),
    (error: unknown) => error,
  );

/** Dies at a call of its own, before or after it is done. */
function dyingAt(number: number, moment: string): Fault {
  let calls = 0;
  return (now) => {
    if (now === 'before') calls += 1;
    if (calls === number && now === moment) throw new Error('killed');
  };
}

/** As its first call is the list, counted from the next. */
const dyingAfterStart = (maps: World, number: number, moment: string) => {
  let fault: Fault = () => undefined;
  return open(maps, (...call) => fault(...call)).then((keeper) => {
    fault = dyingAt(number, moment);
    return keeper;
  });
};

/** All readings once, but for those that are of no use any more, and perhaps the one that was on its way. */
function expectHistory(readings: readonly number[], next: number, doubtful: readonly number[] = []): void {
  expect(new Set(readings).size, `twice: ${readings.join(' ')}`).to.equal(readings.length);
  const missing = Array.from({ length: next }, (_, reading) => reading)
    .filter((reading) => reading > next - WINDOW)
    .filter((reading) => !readings.includes(reading) && !doubtful.includes(reading));
  expect(missing, `of ${readings.join(' ')}`).to.deep.equal([]);
}

describe('the journal', () => {
  it('B-MET-8 restores what was kept: segments, then the intervals that none of them holds, oldest first', async () => {
    const maps = world();
    const journal = journalOn(maps);
    for (const reading of [0, 1, 2, 3]) await journal.append(recordOf([reading]));
    await journal.seal(recordOf([0, 1]));
    await journal.append(recordOf([4]));
    await journal.seal(recordOf([2, 3]));
    await journal.append(recordOf([5]));
    const restored: unknown[] = [];
    const aside = await journalOn(maps).restore(({ kind, from, bytes }) => {
      restored.push([kind, from, readingsIn(bytes)]);
    });
    expect(restored).to.deep.equal([
      ['segment', 0, [0, 1]],
      ['segment', 120, [2, 3]],
      ['interval', 240, [4]],
      ['interval', 300, [5]],
    ]);
    expect(aside).to.deep.equal([]);
    expect(maps.names().filter((name) => name.includes('-i-'))).to.have.length(2);
  });

  it('creates one object for an interval and never changes one; nobody else can either', async () => {
    const maps = world();
    await journalOn(maps).append(recordOf([0]));
    expect(maps.calls).to.deep.equal(['create optipod-history-metrics-server-i-0-60-1']);
    expect(maps.get('optipod-history-metrics-server-i-0-60-1')).to.deep.include({ immutable: true });
    expect(maps.get('optipod-history-metrics-server-i-0-60-1').metadata).to.deep.include({
      namespace: 'own',
      labels: { 'optipod.io/history': PROVIDER },
      annotations: { 'optipod.io/created-by': 'a test' },
    });
  });

  it('an interval belongs to the segment in which it ends', async () => {
    const maps = world();
    const journal = journalOn(maps);
    const straddling = { ...recordOf([9]), from: 30, to: 90 };
    await journal.append(straddling);
    await journal.seal({ ...recordOf([0]), from: 0, to: 60 });
    expect((await open(maps)).readings).to.deep.equal([0, 9]);
    await journal.seal({ ...recordOf([9]), from: 60, to: 120 });
    expect((await open(maps)).readings).to.deep.equal([0, 9]);
    expect(maps.names().some((name) => name.includes('-i-'))).to.equal(false);
  });

  it('B-MET-8 killed at any call, at most the interval that was being written is lost, and nothing counts twice', async () => {
    const kills = fc.array(fc.tuple(steps, fc.integer({ min: 1, max: 60 }), fc.constantFrom('before', 'after')), {
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(kills, async (lives) => {
        const maps = world();
        const time: Time = { next: 0 };
        const doubtful: number[] = [];
        for (const [what, at, moment] of lives) {
          try {
            const keeper = await open(maps, dyingAt(at, moment));
            expectHistory(keeper.readings, time.next, doubtful);
            await take(keeper, what, time);
          } catch (error) {
            if (!String(error).includes('killed')) throw error;
            if (time.writing !== undefined) doubtful.push(time.writing);
            time.writing = undefined;
          }
        }
        expectHistory((await open(maps)).readings, time.next, doubtful);
      }),
    );
  });

  it('B-MET-8 goes on after a kill, and leaves nothing lying around', async () => {
    const points = Array.from({ length: 20 }, (_, index) => ({
      at: (index >> 1) + 1,
      moment: index % 2 ? 'after' : 'before',
    }));
    for (const { at, moment } of points) {
      const maps = world();
      const keeper = await open(maps);
      await take(keeper, ['append', 'append', 'append', 'seal', 'append', 'append', 'append'], { next: 0 });
      const doomed = await dyingAfterStart(maps, at, moment);
      // Three parts of it are created, three of the narrower segment and three intervals deleted.
      const outcome = await doomed.sealAll().then(
        () => 'done',
        () => 'killed',
      );
      expect(outcome).to.equal(at <= 9 ? 'killed' : 'done');
      const next = await open(maps);
      expect([...next.readings].sort(), `killed at ${at}`).to.deep.equal([0, 1, 2, 3, 4, 5]);
      await next.sealAll();
      expect(
        next.setAside.every(({ name }) => name.includes('-s-0-360-')),
        `killed at ${at}`,
      ).to.equal(true);
      expect(
        maps.names().every((name) => name.includes('-s-0-360-')),
        maps.names().join(' '),
      ).to.equal(true);
      expect((await open(maps)).setAside).to.deep.equal([]);
    }
  });

  it('B-MET-8 calls that fail, done or not, lose nothing: what waits is written with the next', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.array(fc.constantFrom('', '', 'before', 'after')), async (what, faults) => {
        const maps = world();
        let failing = false;
        let fate: string | undefined;
        const keeper = await open(maps, (moment) => {
          if (moment === 'before') fate = failing ? faults.shift() : '';
          if (fate === moment) throw new ConnectionError('a call', 'no answer');
        });
        failing = true;
        const time: Time = { next: 0 };
        for (const one of [...what, 'append', 'seal']) await take(keeper, [one], time).catch(() => undefined);
        failing = false;
        await take(keeper, ['append'], time);
        expectHistory((await open(maps)).readings, time.next);
      }),
    );
  });

  it('B-OPR-1 what a former leader has on the wire does no harm, whenever it arrives', async () => {
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 60 }), steps, steps, async (before, at, during, after) => {
        const maps = world();
        const time: Time = { next: 0 };
        let calls = -1;
        let release: () => void = () => undefined;
        let stall: () => void = () => undefined;
        const stalled = new Promise<void>((resolve) => (stall = resolve));
        const former = await open(maps, (moment) => {
          if (moment === 'before') calls += 1;
          // The fence of a client lets nothing out any more, once another leads.
          if (calls > at) throw new NotLeaderError('another leads');
          if (moment !== 'before' || calls !== at) return undefined;
          stall();
          return new Promise((resolve) => (release = resolve));
        });
        const work = take(former, before, time).catch((error: unknown) => {
          if (!(error instanceof NotLeaderError)) throw error;
        });
        await Promise.race([work, stalled]);
        const doubtful = time.writing === undefined ? [] : [time.writing];
        const later: Time = { next: time.next };
        const leader = await open(maps);
        const go = async (what: readonly string[]) => {
          for (const one of what) {
            try {
              await take(leader, [one], later);
            } catch (error) {
              // The former leader's segment of that very span has arrived: it holds the same.
              if (!(error instanceof JournalConflict)) throw error;
            }
          }
        };
        await go(during);
        release();
        await work;
        await go(after);
        expectHistory((await open(maps)).readings, later.next, doubtful);
      }),
    );
  });

  it('a repeat of what is there is a success, and another content for the same span is told', async () => {
    const maps = world();
    await journalOn(maps).append(recordOf([0]));
    await journalOn(maps).append(recordOf([0]));
    const journal = journalOn(maps);
    const other = { ...recordOf([7]), from: 0, to: 60 };
    expect(await failure(journal.append(other))).to.be.instanceOf(JournalConflict);
    // It does not stand in the way of the next.
    await journal.append(recordOf([1]));
    await journal.seal(recordOf([0, 1]));
    await journalOn(maps).seal(recordOf([0, 1]));
    expect(await failure(journal.seal({ ...recordOf([0, 1, 2]), to: 120 }))).to.be.instanceOf(JournalConflict);
    expect((await open(maps)).readings).to.deep.equal([0, 1]);
  });

  it('the same in other parts is the same: another version compresses otherwise', async () => {
    const maps = world();
    const record = recordOf([0, 1], padding([0, 1]));
    await journalOn(maps).seal(record);
    expect(maps.names()).to.have.length(3);
    const other = journalOn(maps, undefined, 1000);
    await other.seal(record);
    expect(maps.names()).to.have.length(3);
    await other.forget(1e9);
    expect(maps.names()).to.deep.equal([]);
  });

  it('B-MET-8 replaces what is left of a record that was not written whole, whatever it was to be', async () => {
    const maps = world();
    const record = recordOf([0, 1], padding([0, 1]));
    await journalOn(maps).seal({ ...record, bytes: recordOf([7], padding([7])).bytes });
    const [, second = '', third = ''] = maps.names();
    maps.remove(second);
    await journalOn(maps).seal(record);
    const { readings, setAside } = await open(maps);
    expect(readings).to.deep.equal([0, 1]);
    expect(setAside).to.deep.equal([]);
    expect(maps.names()).to.include(third);
  });

  it("never takes over or deletes somebody else's object of the same name", async () => {
    const maps = world();
    const name = 'optipod-history-metrics-server-i-0-60-1';
    maps.put({ metadata: { name, namespace: 'own' }, data: { mine: 'yes' } });
    const journal = journalOn(maps);
    expect(await failure(journal.append(recordOf([0])))).to.be.instanceOf(JournalConflict);
    await journal.forget(1e9);
    expect(maps.get(name).data).to.deep.equal({ mine: 'yes' });
  });

  it('B-MET-8 sets a broken record aside and says so: the others count, and so do the intervals under a broken segment', async () => {
    const maps = world();
    const keeper = await open(maps);
    await take(keeper, ['append', 'append', 'seal', 'append', 'append', 'append'], { next: 0 });
    const names = maps.names();
    const second = 'optipod-history-metrics-server-i-180-240-1';
    expect(names).to.include(second);
    maps.set(second, {
      data: { ...maps.get(second).data, bytes: '12' },
      binaryData: maps.get(second).binaryData ?? {},
    });
    maps.put({ metadata: { name: 'strange', labels: { 'optipod.io/history': PROVIDER } }, data: { hello: 'world' } });
    // As if the process had died before the last part of it, or somebody had deleted that.
    await failure((await dyingAfterStart(maps, 3, 'before')).sealAll());
    const parts = maps.names().filter((name) => name.includes('-s-0-300-'));
    expect(parts).to.have.length(2);
    const next = await open(maps);
    expect([...next.readings].sort()).to.deep.equal([0, 1, 2, 4]);
    expect(next.setAside.map(({ name }) => name)).to.have.members(['strange', second, parts[0]]);
    expect(next.setAside.find(({ name }) => name === second)?.problem).to.equal(
      'the checksum is not that of the content',
    );
    expect(next.setAside.find(({ name }) => name === parts[0])?.problem).to.match(/^part \d of \d is missing$/);
    await next.forget(100);
    expect(maps.names()).to.deep.equal(['strange']);
  });

  it('tells of what would not count: a reading of a time that is sealed, a segment that overlaps another', async () => {
    const journal = journalOn(world());
    const { bytes } = recordOf([0]);
    await journal.seal({ from: 0, to: 120, bytes });
    expect(await failure(journal.append({ from: 60, to: 120, bytes }))).to.be.instanceOf(JournalConflict);
    expect(await failure(journal.seal({ from: 60, to: 120, bytes }))).to.be.instanceOf(JournalConflict);
    expect(await failure(journal.seal({ from: 60, to: 180, bytes }))).to.be.instanceOf(JournalConflict);
    await journal.append({ from: 60, to: 180, bytes });
    await journal.seal({ from: 120, to: 180, bytes });
  });

  it("B-MET-8 counts a former leader's late segment not beside the one that ends later, and says so", async () => {
    const maps = world();
    const former = await open(maps);
    await take(former, ['append', 'append', 'seal', 'append', 'append'], { next: 0 });
    const leader = await open(maps);
    // One that has restored nothing deletes nothing, as one whose request was the last to get through.
    await journalOn(maps).seal(recordOf([0, 1, 2, 3]));
    await take(leader, ['append', 'seal'], { next: 4 });
    const next = await open(maps);
    expect([...next.readings].sort()).to.deep.equal([0, 1, 2, 3, 4]);
    expect(next.setAside).to.deep.equal([
      {
        name: 'optipod-history-metrics-server-s-0-240-1',
        problem: 'another segment is of a part of its time, and ends later',
      },
    ]);
    await next.sealAll();
    expect((await open(maps)).setAside).to.deep.equal([]);
  });

  it('refuses what is no span', async () => {
    const journal = journalOn(world());
    const { bytes } = recordOf([0]);
    for (const [from, to] of [
      [60, 60],
      [60, 0],
      [-1, 5],
      [0, 0.5],
      [0, Number.NaN],
      [0, Infinity],
    ] as const) {
      expect(await failure(journal.append({ from, to, bytes }))).to.be.instanceOf(RangeError);
      expect(await failure(journal.seal({ from, to, bytes }))).to.be.instanceOf(RangeError);
    }
  });

  it('keeps a bounded number of intervals while kube-apiserver is away', async () => {
    const maps = world();
    let away = true;
    const journal = journalOn(maps, () => {
      if (away) throw new ConnectionError('create', 'away');
    });
    for (let reading = 0; reading < 200; reading += 1) await failure(journal.append(recordOf([reading])));
    away = false;
    await journal.append(recordOf([200]));
    const { readings } = await open(maps);
    expect(readings).to.have.length(120);
    expect(readings.at(-1)).to.equal(200);
  });
});
