import type { Decoded } from './format.js';
import type { Entry } from './objects.js';
import { bySpan, holds, type JournalRecord, overlaps, type Slot } from './record.js';

export interface ReadingWhole {
  readonly read: (entry: Entry) => Promise<Decoded>;
  /** What counts, each time once. */
  readonly visit: (entry: Entry, record: JournalRecord) => void;
}

/** A record that does not count, and why. */
export interface Broken {
  readonly entry: Slot;
  readonly problem: string;
}

/**
 * Reads what counts of all that is there, one record at a time: segments, oldest first, then intervals, oldest first. What a
 * segment holds does not count besides it, but does where the segment turns out to be broken.
 */
export async function readWhole(entries: readonly Entry[], { read, visit }: ReadingWhole): Promise<Broken[]> {
  const segments = entries.filter(({ kind }) => kind === 'segment').sort(bySpan);
  const intervals = entries.filter(({ kind }) => kind === 'interval').sort(bySpan);
  const broken: Broken[] = [];
  const counting: Entry[] = [];
  const superseded = await supersededOf(segments, read);
  // A wider segment comes before those that it holds.
  for (const entry of [...segments, ...intervals]) {
    if (counting.some((segment) => holds(segment, entry))) continue;
    if (superseded.has(entry)) {
      broken.push({ entry, problem: 'another segment is of a part of its time, and ends later' });
      continue;
    }
    const decoded = await read(entry);
    if (!decoded.valid) {
      broken.push({ entry, problem: decoded.problem });
      continue;
    }
    if (entry.kind === 'segment') counting.push(entry);
    visit(entry, decoded.record);
  }
  return broken;
}

/**
 * The segments that overlap one that ends later and is not broken. That is what a former leader wrote whose request arrived
 * after the next had begun: the next one did not know of it, and so deleted nothing that it holds.
 */
async function supersededOf(segments: readonly Entry[], read: ReadingWhole['read']): Promise<Set<Entry>> {
  const superseded = new Set<Entry>();
  const later: Entry[] = [];
  for (const segment of [...segments].sort((a, b) => b.to - a.to)) {
    for (const other of later.filter((one) => overlaps(one, segment))) {
      if ((await read(other)).valid) superseded.add(segment);
    }
    if (!superseded.has(segment)) later.push(segment);
  }
  return superseded;
}
