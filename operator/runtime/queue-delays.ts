import type { Clock } from './clock.js';
import { type Priority, higher } from './waiting-line.js';

/** How long a key that things happen to waits for them to end. */
export interface Settle {
  /** Worked on when this long nothing happened to it, */
  readonly quietMs: number;
  /** or this long after the first that happened, whatever still does. */
  readonly maxMs: number;
}

interface Delay {
  readonly at: number;
  readonly priority: Priority;
  readonly cancel: () => void;
}

interface Settling extends Delay {
  /** When it may wait no longer. */
  readonly latest: number;
}

/** Keys whose time has not come. */
export class QueueDelays {
  readonly #clock: Clock;
  readonly #due: (key: string, priority: Priority) => void;
  readonly #timed = new Map<string, Delay>();
  readonly #settling = new Map<string, Settling>();

  constructor(clock: Clock, due: (key: string, priority: Priority) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Of several times for one key the earliest counts, with the highest priority. */
  after(key: string, ms: number, priority: Priority): void {
    const before = this.#timed.get(key);
    const at = Math.min(this.#clock.now() + ms, before?.at ?? Number.POSITIVE_INFINITY);
    this.#start(this.#timed, key, before, { at, priority: higher(priority, before?.priority) });
  }

  /** Each call puts the key off, up to the limit that its first one set. */
  settle(key: string, { quietMs, maxMs }: Settle, priority: Priority): void {
    const before = this.#settling.get(key);
    const now = this.#clock.now();
    const latest = before?.latest ?? now + maxMs;
    const at = Math.min(now + quietMs, latest);
    this.#start(this.#settling, key, before, { at, latest, priority: higher(priority, before?.priority) });
  }

  /** The key is worked on now, which covers all that happened to it. */
  settled(key: string): void {
    this.#settling.get(key)?.cancel();
    this.#settling.delete(key);
  }

  clear(): void {
    for (const delays of [this.#timed, this.#settling]) {
      for (const { cancel } of delays.values()) cancel();
      delays.clear();
    }
  }

  #start<D extends Delay>(delays: Map<string, D>, key: string, before: D | undefined, next: Omit<D, 'cancel'>): void {
    if (before && before.at === next.at && before.priority === next.priority) return;
    before?.cancel();
    const cancel = this.#clock.after(Math.max(0, next.at - this.#clock.now()), () => {
      delays.delete(key);
      this.#due(key, next.priority);
    });
    delays.set(key, { ...next, cancel } as D);
  }
}
