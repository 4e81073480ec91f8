import { type Logger, silentLogger } from '../runtime/index.js';
import { nameOf } from './names.js';
import { createRecordObjects, type Entry, type RecordObjectsOptions } from './objects.js';
import {
  checkSpan,
  holds,
  JournalConflict,
  type JournalRecord,
  overlaps,
  type RecordKind,
  type SetAside,
  type Slot,
} from './record.js';
import { readWhole } from './restore.js';

/**
 * A provider's readings, kept where they outlive the process. There is one writer at a time, the leader; whatever one of them
 * left half done, the next restores the same history from. Calls take their turns.
 *
 * What was handed over is the journal's: when a call throws (what the runtime's client throws), what is not written waits and is
 * written with the next call, so that nothing needs to be handed over again.
 */
export interface Journal {
  /**
   * Gives out all that is kept, one record at a time and once each: segments, oldest first, then the intervals that no segment
   * holds, oldest first. To be called before anything is written. When it throws, what was given out is a part of the history.
   * @returns what is there and could not be used; it stays until it is forgotten
   */
  restore(
    visit: (record: JournalRecord & { readonly kind: RecordKind }) => void,
    signal?: AbortSignal,
  ): Promise<readonly SetAside[]>;
  /**
   * Keeps one interval.
   * @throws JournalConflict where that time is kept already, with other content or in a segment; this one is dropped
   * @throws RangeError for a span that is none
   */
  append(record: JournalRecord, signal?: AbortSignal): Promise<void>;
  /**
   * Keeps a segment, and deletes what it holds: the intervals that end within its span, and segments that lie in it.
   * @throws JournalConflict where another segment of the same time is kept; this one is dropped
   * @throws RangeError for a span that is none
   */
  seal(record: JournalRecord, signal?: AbortSignal): Promise<void>;
  /** Deletes what ended before this instant (seconds since 1970), and what could not be used among it. */
  forget(before: number, signal?: AbortSignal): Promise<void>;
}

export interface JournalOptions extends RecordObjectsOptions {
  readonly log?: Logger;
}

/** What is to be kept. */
interface Waiting extends Slot {
  readonly record: JournalRecord;
}

/** Records that wait for kube-apiserver, at most: two hours of minutes, a few MB for 10,000 containers. */
const WAITING = 120;

export function createJournal(options: JournalOptions): Journal {
  const { provider, log = silentLogger } = options;
  const objects = createRecordObjects(options);
  const kept = new Map<string, Entry>();
  /** The segments that count. */
  const segments = new Map<string, Slot>();
  let waiting: Waiting[] = [];
  const inTurn = createTurns();
  const nameOfRecord = (slot: Slot) => nameOf(provider, { ...slot, part: 1 });
  const isHeld = (slot: Slot) => [...segments.values()].some((segment) => holds(segment, slot));

  /** @throws JournalConflict for what would not count when it is restored, or would keep something else from counting */
  function checkTime(slot: Slot): void {
    const clashes = (segment: Slot) => holds(segment, slot) || (slot.kind === 'segment' && overlaps(segment, slot));
    const other = [...segments.values()].find(clashes);
    if (other) throw new JournalConflict(`${nameOfRecord(slot)} is of a time that ${nameOfRecord(other)} is of`);
  }

  function wait(next: Waiting): void {
    waiting = [...waiting.filter((one) => next.kind === 'interval' || !holds(next, one)), next];
    if (waiting.length <= WAITING) return;
    log.warn({ provider, waiting: WAITING }, 'too many readings wait to be kept; the oldest are not kept');
    waiting = waiting.slice(-WAITING);
  }

  async function writeOne({ kind, record }: Waiting, signal?: AbortSignal): Promise<void> {
    const entry = await objects.write(kind, record, signal);
    kept.set(nameOfRecord(entry), entry);
    if (kind === 'segment') segments.set(nameOfRecord(entry), entry);
  }

  async function writeAll(signal?: AbortSignal): Promise<void> {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const written = next;
      const done = () => (waiting = waiting.filter((one) => one !== written));
      try {
        await writeOne(written, signal);
      } catch (error) {
        if (error instanceof JournalConflict) done();
        throw error;
      }
      done();
    }
    await removeHeld(signal);
  }

  async function keep(kind: RecordKind, record: JournalRecord, signal?: AbortSignal): Promise<void> {
    checkSpan(record);
    const { from, to } = record;
    const slot = { kind, from, to };
    await inTurn(async () => {
      checkTime(slot);
      wait({ ...slot, record });
      await writeAll(signal);
    });
  }

  async function remove(entry: Entry, signal?: AbortSignal): Promise<void> {
    await objects.remove(entry, signal);
    kept.delete(nameOfRecord(entry));
    segments.delete(nameOfRecord(entry));
  }

  async function removeHeld(signal?: AbortSignal): Promise<void> {
    for (const entry of [...kept.values()].filter(isHeld)) await remove(entry, signal);
  }

  return {
    restore: (visit, signal) =>
      inTurn(async () => {
        const { entries, strange } = await objects.index(signal);
        kept.clear();
        segments.clear();
        for (const entry of entries) kept.set(nameOfRecord(entry), entry);
        const broken = await readWhole(entries, {
          read: (entry) => objects.read(entry, signal),
          visit(entry, record) {
            if (entry.kind === 'segment') segments.set(nameOfRecord(entry), entry);
            visit({ kind: entry.kind, ...record });
          },
        });
        const aside = [...strange, ...broken.map(({ entry, problem }) => ({ name: nameOfRecord(entry), problem }))];
        for (const { name, problem } of aside) log.warn({ configMap: name, problem }, 'kept readings are set aside');
        return aside;
      }),
    append: (record, signal) => keep('interval', record, signal),
    seal: (record, signal) => keep('segment', record, signal),
    forget: (before, signal) =>
      inTurn(async () => {
        // What a segment holds goes before the segment, or it would count again.
        await removeHeld(signal);
        for (const entry of [...kept.values()].filter(({ to }) => to < before)) await remove(entry, signal);
      }),
  };
}

/** Calls one after the other, in the order in which they were asked for. */
function createTurns(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => undefined);
    return next;
  };
}
