/** What is kept of a span of time: readings in whatever form their owner gives them. */
export interface JournalRecord extends Span {
  readonly bytes: Uint8Array;
}

/** Whole seconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** An interval is what one round of sampling brought; a segment holds all that was kept of its span. */
export type RecordKind = 'interval' | 'segment';

/** Which record: there is at most one of a kind for a span. */
export interface Slot extends Span {
  readonly kind: RecordKind;
}

/** What is there but not to be used, and why: nothing of it counts. */
export interface SetAside {
  /** Of the ConfigMap, of a record the first one. */
  readonly name: string;
  readonly problem: string;
}

/** Another record is of the time of the one to write. Trying again cannot help; what is there stays. */
export class JournalConflict extends Error {
  override readonly name = 'JournalConflict';
}

/**
 * Whether a segment holds what another record does, which then must not count, too. An interval belongs to the segment in which
 * it ends: one that begins before an hour and ends in it is a reading of that hour. A segment belongs to a wider one.
 */
export function holds(segment: Span, { kind, from, to }: Slot): boolean {
  if (kind === 'interval') return segment.from < to && to <= segment.to;
  return segment.from <= from && to <= segment.to && (segment.from < from || to < segment.to);
}

/** Whether two segments have some time in common, and neither holds the other. */
export function overlaps(a: Span, b: Span): boolean {
  return (a.from < b.from && b.from < a.to && a.to < b.to) || (b.from < a.from && a.from < b.to && b.to < a.to);
}

/** Oldest first, and a wider segment before those that it holds. */
export function bySpan(a: Span, b: Span): number {
  return a.from - b.from || b.to - a.to;
}

/** @throws RangeError for what is no span */
export function checkSpan({ from, to }: Span): void {
  if (![from, to].every((time) => Number.isSafeInteger(time) && time >= 0) || from >= to) {
    throw new RangeError(`from ${from} to ${to} is no span in whole seconds`);
  }
}
