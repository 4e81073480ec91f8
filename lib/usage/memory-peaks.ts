/** A highest working set: bytes, and when (seconds since 1970). */
export interface MemoryPeak {
  readonly bytes: number;
  readonly at: number;
}

const DAY = 86_400;

/** The day, UTC, of an instant: midnight ends one. */
function dayOf(at: number): number {
  return Math.ceil(at / DAY);
}

/**
 * The highest working set of each day, as far as it matters: what a later day surpassed is forgotten before that one, and says
 * nothing any more.
 */
export class MemoryPeaks {
  /** From the oldest and highest to the latest and lowest. */
  #peaks: readonly MemoryPeak[] = [];

  get all(): readonly MemoryPeak[] {
    return this.#peaks;
  }

  add(bytes: number, at: number): void {
    // Nearly every sample of a day is below its highest.
    if (!this.#isSurpassed(bytes, dayOf(at))) this.#put(bytes, at);
  }

  #isSurpassed(bytes: number, day: number): boolean {
    for (const other of this.#peaks) if (other.bytes >= bytes && dayOf(other.at) >= day) return true;
    return false;
  }

  /** By itself: the context that its closures need would be made for every sample. */
  #put(bytes: number, at: number): void {
    const day = dayOf(at);
    const left = this.#peaks.filter((other) => other.bytes > bytes || dayOf(other.at) > day);
    this.#peaks = [...left, { bytes, at }].sort((a, b) => a.at - b.at);
  }

  /** @param before seconds since 1970: a day that ended by then is forgotten */
  forget(before: number): void {
    if ((this.#peaks[0]?.at ?? Infinity) > before) return;
    this.#peaks = this.#peaks.filter(({ at }) => at > before);
  }

  /** The highest since an instant. */
  highest(since: number): MemoryPeak | undefined {
    return this.#peaks.find(({ at }) => at > since);
  }
}
