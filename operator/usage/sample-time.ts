/** What seems to be a leap of the time, in seconds, and how long it has to last until it is believed. */
const LEAP = 3600;

/**
 * The time of the newest sample, by which everything ages; in seconds since 1970. Where a clock leaps ahead, samples come from a
 * future that nobody lives in yet: what is known would be forgotten for them, and be gone when the clock is set right. So a leap
 * is believed once it lasted an hour, as it does where time passed that this process slept through.
 */
export class SampleTime {
  /** Of a clock in milliseconds that nobody sets. */
  readonly #clock: () => number;
  #newest = 0;
  /** When it was noted, and since when a leap is waited for that does not end, by that clock. */
  #notedAt = 0;
  #leapSince: number | undefined;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** 0 before there is a sample. */
  get newest(): number {
    return this.#newest;
  }

  /** There is a sample of an instant. */
  note(instant: number): void {
    if (instant <= this.#newest) return;
    const now = this.#clock();
    const passed = (now - this.#notedAt) / 1000;
    const isLeap = this.#newest > 0 && instant - this.#newest > passed + LEAP;
    if (isLeap) {
      this.#leapSince ??= now;
      if (now - this.#leapSince < LEAP * 1000) return;
    }
    this.#leapSince = undefined;
    this.#set(instant);
  }

  /** A former process had samples up to an instant. */
  restore(instant: number): void {
    this.#set(Math.max(this.#newest, instant));
  }

  /** It is no later than an instant: what seemed to be was of a wrong clock. */
  cap(instant: number): void {
    if (instant < this.#newest) this.#set(instant);
  }

  #set(instant: number): void {
    this.#newest = instant;
    this.#notedAt = this.#clock();
  }
}
