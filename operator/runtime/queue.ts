import { type Clock, systemClock } from './clock.js';
import type { RuntimeMetrics } from './metrics.js';
import { QueueDelays, type Settle } from './queue-delays.js';
import { type Priority, WaitingLine, higher } from './waiting-line.js';

export interface QueueOptions {
  /** The `name` label of the queue's metrics. */
  readonly name: string;
  readonly metrics?: RuntimeMetrics | undefined;
  /** The pause after the first failure of a key; each further one doubles it. @default 5 */
  readonly backoffMs?: number;
  /** @default 1 000 000, as client-go's */
  readonly maxBackoffMs?: number;
  /** @default the system's */
  readonly clock?: Clock | undefined;
}

/**
 * A queue of keys to work on. A key waits at most once; while it is worked on it is given to nobody else, and if it is added
 * meanwhile it waits again once that work is done. So no change goes unseen, and no two workers meet on one object. Keys of
 * high priority overtake those of low, nine of ten times; a low key that is added again as a high one moves up.
 */
export interface WorkQueue {
  /** Keys that wait for a worker now (not those that wait for their time). */
  readonly length: number;
  /** @param priority @default 'high' */
  add(key: string, priority?: Priority): void;
  /** Adds the key when the time has passed; of several times for one key the earliest counts. */
  addAfter(key: string, ms: number, priority?: Priority): void;
  /** Adds the key when nothing more happens to it: each call puts it off, up to a limit. `add` comes before. */
  addSettled(key: string, settle: Settle, priority?: Priority): void;
  /** Adds the key, with the priority it was given out with, after a pause that doubles with each call, until `forget`. */
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

export function createQueue(options: QueueOptions): WorkQueue {
  const { name, backoffMs = 5, maxBackoffMs = 1_000_000, clock = systemClock } = options;
  let { metrics } = options;
  const line = new WaitingLine();
  /** What was added while it was worked on. */
  const again = new Map<string, Priority>();
  const working = new Map<string, { readonly started: number; readonly priority: Priority }>();
  const delays = new QueueDelays(clock, (key, priority) => queue.add(key, priority));
  const failures = new Map<string, number>();
  const takers: ((key: string | undefined) => void)[] = [];
  let closed = false;
  let drained: () => void = () => undefined;
  const empty = new Promise<void>((resolve) => (drained = resolve));

  const seconds = (since: number) => Math.max(0, clock.now() - since) / 1000;

  function enqueue(key: string, priority: Priority): boolean {
    const isNew = line.add(key, priority, clock.now());
    const taker = takers.shift();
    taker?.(take());
    return isNew;
  }

  function take(): string | undefined {
    const next = line.take();
    if (!next) return undefined;
    const { key, priority, since } = next;
    working.set(key, { started: clock.now(), priority });
    metrics?.queueDuration.observe({ name }, seconds(since));
    return key;
  }

  const observe = () =>
    metrics?.observeQueue(name, {
      depth: () => line.size,
      workSeconds: () => Array.from(working.values(), ({ started }) => seconds(started)),
    });
  observe();

  const queue: WorkQueue = {
    get length() {
      return line.size;
    },
    add(key, priority = 'high') {
      if (closed) return;
      delays.settled(key);
      const before = again.get(key);
      if (working.has(key)) again.set(key, higher(priority, before));
      const isNew = working.has(key) ? before === undefined : enqueue(key, priority);
      if (isNew) metrics?.queueAdds.inc({ name });
    },
    addAfter(key, ms, priority = 'high') {
      if (closed) return;
      if (ms > 0) delays.after(key, ms, priority);
      else queue.add(key, priority);
    },
    addSettled(key, settle, priority = 'high') {
      if (!closed) delays.settle(key, settle, priority);
    },
    addRateLimited(key) {
      if (closed) return;
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      metrics?.queueRetries.inc({ name });
      queue.addAfter(key, Math.min(maxBackoffMs, backoffMs * 2 ** before), working.get(key)?.priority);
    },
    forget: (key) => void failures.delete(key),
    get() {
      if (closed) return Promise.resolve(undefined);
      const key = take();
      return key === undefined ? new Promise((resolve) => takers.push(resolve)) : Promise.resolve(key);
    },
    done(key) {
      const work = working.get(key);
      if (work === undefined) return;
      metrics?.workDuration.observe({ name }, seconds(work.started));
      working.delete(key);
      const priority = again.get(key);
      again.delete(key);
      if (priority !== undefined) enqueue(key, priority);
      if (closed && working.size === 0) drained();
    },
    shutDown() {
      closed = true;
      for (const part of [delays, line, again]) part.clear();
      for (const taker of takers.splice(0)) taker(undefined);
      if (working.size === 0) drained();
      return empty;
    },
    measure(to) {
      metrics = to;
      metrics.queueAdds.inc({ name }, line.size);
      observe();
    },
  };
  return queue;
}
