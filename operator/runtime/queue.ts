import type { RuntimeMetrics } from './metrics.js';

export interface QueueOptions {
  /** The `name` label of the queue's metrics. */
  readonly name: string;
  readonly metrics?: RuntimeMetrics | undefined;
  /** The pause after the first failure of a key; each further one doubles it. @default 5 */
  readonly backoffMs?: number;
  /** @default 1 000 000, as client-go's */
  readonly maxBackoffMs?: number;
}

/**
 * A queue of keys to work on. A key waits at most once; while it is worked on it is given to nobody else, and if it is added
 * meanwhile it waits again once that work is done. So no change goes unseen, and no two workers meet on one object.
 */
export interface WorkQueue {
  /** Keys that wait for a worker now (not those that wait for their time). */
  readonly length: number;
  add(key: string): void;
  /** Adds the key when the time has passed; of several times for one key the earliest counts. */
  addAfter(key: string, ms: number): void;
  /** Adds the key after a pause that doubles with each call, until `forget`. */
  addRateLimited(key: string): void;
  /** The key did well: its next failure is its first. */
  forget(key: string): void;
  /** The next key, when there is one; undefined when the queue is shut down. Call `done` with every key it gave. */
  get(): Promise<string | undefined>;
  done(key: string): void;
  /** Gives out no more keys and drops those that wait. Resolves when every key that was given is done. */
  shutDown(): Promise<void>;
  /** Counts from now on, what waits included. */
  measure(metrics: RuntimeMetrics): void;
}

/** The longest that setTimeout takes; beyond, it would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function createQueue(options: QueueOptions): WorkQueue {
  const { name, backoffMs = 5, maxBackoffMs = 1_000_000 } = options;
  let { metrics } = options;
  /** In the order they were added; the value is when. */
  const waiting = new Map<string, number>();
  /** What was added while it was worked on. */
  const again = new Set<string>();
  const working = new Map<string, number>();
  const delayed = new Map<string, { readonly at: number; readonly timer: NodeJS.Timeout }>();
  const failures = new Map<string, number>();
  const takers: ((key: string | undefined) => void)[] = [];
  let closed = false;
  let drained: () => void = () => undefined;
  const empty = new Promise<void>((resolve) => (drained = resolve));

  const seconds = (since: number) => (performance.now() - since) / 1000;
  const showDepth = () => metrics?.queueDepth.set({ name }, waiting.size);

  function enqueue(key: string): void {
    waiting.set(key, performance.now());
    const taker = takers.shift();
    if (taker) taker(take());
    else showDepth();
  }

  function take(): string | undefined {
    const [first] = waiting;
    if (!first) return undefined;
    const [key, added] = first;
    waiting.delete(key);
    working.set(key, performance.now());
    metrics?.queueDuration.observe({ name }, seconds(added));
    showDepth();
    return key;
  }

  const queue: WorkQueue = {
    get length() {
      return waiting.size;
    },
    add(key) {
      if (closed || waiting.has(key) || again.has(key)) return;
      metrics?.queueAdds.inc({ name });
      if (working.has(key)) again.add(key);
      else enqueue(key);
    },
    addAfter(key, ms) {
      if (closed) return;
      if (!(ms > 0)) {
        queue.add(key);
        return;
      }
      const at = performance.now() + ms;
      const earlier = delayed.get(key);
      if (earlier && earlier.at <= at) return;
      clearTimeout(earlier?.timer);
      const fire = () => {
        delayed.delete(key);
        // Only where the wait is longer than a timer takes is there a rest.
        queue.addAfter(key, at - performance.now() > LONGEST_TIMER_MS / 2 ? at - performance.now() : 0);
      };
      delayed.set(key, { at, timer: setTimeout(fire, Math.min(ms, LONGEST_TIMER_MS)) });
    },
    addRateLimited(key) {
      if (closed) return;
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      metrics?.queueRetries.inc({ name });
      queue.addAfter(key, Math.min(maxBackoffMs, backoffMs * 2 ** before));
    },
    forget: (key) => void failures.delete(key),
    get() {
      if (closed) return Promise.resolve(undefined);
      const key = take();
      return key === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(key);
    },
    done(key) {
      const started = working.get(key);
      if (started === undefined) return;
      metrics?.workDuration.observe({ name }, seconds(started));
      working.delete(key);
      if (again.delete(key)) enqueue(key);
      if (closed && working.size === 0) drained();
    },
    shutDown() {
      closed = true;
      for (const { timer } of delayed.values()) clearTimeout(timer);
      for (const set of [delayed, waiting, again]) set.clear();
      showDepth();
      for (const taker of takers.splice(0)) taker(undefined);
      if (working.size === 0) drained();
      return empty;
    },
    measure(to) {
      metrics = to;
      metrics.queueAdds.inc({ name }, waiting.size);
      showDepth();
    },
  };
  return queue;
}
