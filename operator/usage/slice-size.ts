const DAY = 86_400;

/** How much of the past is read at a time at first, and at least and most, in seconds. */
const FIRST = 7 * DAY;
const LEAST = DAY;
const MOST = 30 * DAY;

/** So much longer at most is a slice than the one before: that one may have been of few pods. */
const GROWTH = 2;

/** How much of the past is read at a time, by how long that took: about half an interval, so that news wait little for it. */
export class SliceSize {
  readonly #intervalMs: number;
  #seconds = FIRST;

  /** @param intervalMs how often there are news */
  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  get seconds(): number {
    return this.#seconds;
  }

  /** A span of so many seconds took so long to read. */
  note(span: number, tookMs: number): void {
    const fitting = (span * this.#intervalMs) / 2 / Math.max(1, tookMs);
    this.#seconds = Math.max(LEAST, Math.min(fitting, this.#seconds * GROWTH, MOST));
  }
}
