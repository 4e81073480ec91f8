/** `high` for what somebody did just now; `low` for what can wait: a first list, a look from time to time. */
export type Priority = 'high' | 'low';

/** A low key is next after at most this many high ones: they overtake it, and cannot keep it waiting forever. */
const HIGH_IN_A_ROW = 9;

export interface Waiting {
  readonly key: string;
  readonly priority: Priority;
  /** When it came. */
  readonly since: number;
}

/** Keys that wait, each at most once, in the order they came; high ones before low ones, but for every tenth. */
export class WaitingLine {
  readonly #lanes: Readonly<Record<Priority, Map<string, number>>> = { high: new Map(), low: new Map() };
  /** High keys taken while a low one waited. */
  #overtaken = 0;

  get size(): number {
    return this.#lanes.high.size + this.#lanes.low.size;
  }

  /** A low key that comes again as a high one moves up. @returns whether it is new */
  add(key: string, priority: Priority, now: number): boolean {
    const { high, low } = this.#lanes;
    if (high.has(key)) return false;
    const since = low.get(key);
    if (since !== undefined && priority === 'low') return false;
    low.delete(key);
    this.#lanes[priority].set(key, since ?? now);
    return since === undefined;
  }

  take(): Waiting | undefined {
    const { high, low } = this.#lanes;
    const lowIsDue = low.size > 0 && (high.size === 0 || this.#overtaken >= HIGH_IN_A_ROW);
    const priority: Priority = lowIsDue ? 'low' : 'high';
    const [first] = this.#lanes[priority];
    if (!first) return undefined;
    const [key, since] = first;
    this.#lanes[priority].delete(key);
    this.#overtaken = lowIsDue || low.size === 0 ? 0 : this.#overtaken + 1;
    return { key, priority, since };
  }

  clear(): void {
    this.#lanes.high.clear();
    this.#lanes.low.clear();
  }
}

/** The higher of two; undefined is lower than both. */
export function higher(a: Priority, b: Priority | undefined): Priority {
  return a === 'high' || b === 'high' ? 'high' : 'low';
}
