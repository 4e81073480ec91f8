import { type Clock, systemClock } from './clock.js';
import type { Component, RunContext } from './component.js';
import { TerminalError } from './errors.js';
import { NotLeaderError } from './leader-election.js';
import { type Logger, silentLogger } from './log.js';
import type { RuntimeMetrics } from './metrics.js';
import type { Settle } from './queue-delays.js';
import { createQueue } from './queue.js';
import type { Priority } from './waiting-line.js';

export interface ReconcileContext {
  /** Aborted when the reconciliation's time is up, or the process can wait no longer. Pass it to every call. */
  readonly signal: AbortSignal;
  /** Says controller and key in every line. */
  readonly log: Logger;
}

export interface ReconcileResult {
  /** Reconcile again after this time even if nothing happens. */
  readonly requeueAfterMs?: number;
  /** Of that reconciliation. @default 'low': what happens meanwhile comes first */
  readonly priority?: Priority;
}

/**
 * Brings the world of one key in step with what is wanted, now.
 *
 * - It is level-triggered: it is told which object, never what happened to it. It reads what is there (from caches) and may be
 *   called at any time, again, late, once for many changes, and for objects that are gone.
 * - It is idempotent: when all is well it writes nothing.
 * - It is never called for one key twice at the same time; for different keys it is, up to the controller's concurrency.
 * - Throwing means "not done": it is called again after a pause that doubles from 5 ms to 1000 s. Returning means done until
 *   the key is enqueued again or `requeueAfterMs` passed. Throwing a `TerminalError` means that trying again cannot help: it
 *   waits for the key to be enqueued again.
 */
export type Reconcile = (
  key: string,
  context: ReconcileContext,
) => Promise<ReconcileResult | undefined> | Promise<void>;

export interface ControllerOptions {
  /** The `controller` label of metrics and log lines. */
  readonly name: string;
  readonly reconcile: Reconcile;
  /** Keys worked on at the same time. @default 1 */
  readonly concurrency?: number;
  /** When the signal of a reconciliation is aborted. @default never */
  readonly timeoutMs?: number;
  /** When, after the stop, the signals of those still under way are aborted. @default 25 000, inside a pod's 30 s of grace */
  readonly drainMs?: number;
  /** @default the manager's */
  readonly log?: Logger;
  /** @default the manager's */
  readonly metrics?: RuntimeMetrics;
  /** @default the system's */
  readonly clock?: Clock;
}

export interface EnqueueOptions {
  /** `low` for what can wait: the objects of a first list, a look from time to time. @default 'high' */
  readonly priority?: Priority;
  /** Waits until nothing more happens to the key, but not forever: for what comes in swarms. @default at once */
  readonly settle?: Settle;
}

export interface Controller extends Component {
  readonly role: 'controller';
  /** To be reconciled as soon as a worker is free; also before `run`. */
  enqueue(key: string, options?: EnqueueOptions): void;
  /** To be reconciled after this time; of several times for one key the earliest counts. */
  enqueueAfter(key: string, ms: number, options?: Pick<EnqueueOptions, 'priority'>): void;
  /** Works until the signal is aborted; then starts nothing, and resolves when what was under way is done. */
  run(signal: AbortSignal, context?: RunContext): Promise<void>;
}

export function createController(options: ControllerOptions): Controller {
  const { name, reconcile, concurrency = 1, timeoutMs, drainMs = 25_000, clock = systemClock } = options;
  const queue = createQueue({ name, metrics: options.metrics, clock });
  const active = new Map<string, AbortController>();
  let log = options.log ?? silentLogger;
  let metrics = options.metrics;

  async function attempt(key: string): Promise<void> {
    const controller = new AbortController();
    const cancelTimeout =
      timeoutMs === undefined
        ? undefined
        : clock.after(timeoutMs, () => {
            metrics?.reconcileTimeouts.inc({ controller: name });
            controller.abort(new Error(`not reconciled within ${timeoutMs / 1000} s`));
          });
    const keyLog = log.child({ controller: name, key });
    const stop = metrics?.reconcileTime.startTimer({ controller: name });
    active.set(key, controller);
    metrics?.activeWorkers.inc({ controller: name });
    let result: 'success' | 'requeue_after' | 'error' = 'success';
    try {
      const { requeueAfterMs, priority = 'low' } =
        (await reconcile(key, { signal: controller.signal, log: keyLog })) ?? {};
      if (Number.isNaN(requeueAfterMs)) throw new RangeError('requeueAfterMs is not a number');
      queue.forget(key);
      if (requeueAfterMs !== undefined) {
        result = 'requeue_after';
        queue.addAfter(key, requeueAfterMs, priority);
      }
    } catch (error) {
      result = 'error';
      metrics?.reconcileErrors.inc({ controller: name });
      const terminal = error instanceof TerminalError;
      keyLog.error({ err: error, terminal }, 'reconciliation failed');
      if (terminal) {
        metrics?.terminalReconcileErrors.inc({ controller: name });
        queue.forget(key);
      } else {
        queue.addRateLimited(key);
      }
    } finally {
      cancelTimeout?.();
      active.delete(key);
      metrics?.activeWorkers.dec({ controller: name });
      metrics?.reconciles.inc({ controller: name, result });
      stop?.();
      queue.done(key);
    }
  }

  async function work(): Promise<void> {
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) await attempt(key);
  }

  return {
    role: 'controller',
    name,
    enqueue(key, { priority, settle } = {}) {
      if (settle) queue.addSettled(key, settle, priority);
      else queue.add(key, priority);
    },
    enqueueAfter: (key, ms, { priority } = {}) => queue.addAfter(key, ms, priority),
    async run(signal, context) {
      log = options.log ?? context?.log ?? silentLogger;
      if (!metrics && context) {
        metrics = context.metrics;
        queue.measure(metrics);
      }
      metrics?.maxConcurrentReconciles.set({ controller: name }, concurrency);
      metrics?.activeWorkers.set({ controller: name }, 0);
      const stopped = new Promise<void>((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      });
      // Nothing is drained where another may be leading by now.
      void stopped.then(() => {
        if (signal.reason instanceof NotLeaderError) for (const one of active.values()) one.abort(signal.reason);
      });
      const workers = Promise.all(Array.from({ length: concurrency }, work));
      await stopped;
      const cancelPatience = clock.after(drainMs, () => {
        log.warn({ controller: name, keys: [...active.keys()] }, 'stopping reconciliations that are still under way');
        for (const controller of active.values()) controller.abort(new Error(`the controller ${name} is stopping`));
      });
      await queue.shutDown();
      await workers;
      cancelPatience();
    },
  };
}
