import type { ContainerUsage, WorkloadContainer } from 'optipod/lib/usage';
import type { ProviderError } from '../metrics/provider.js';
import type { MetricsProvider } from '../metrics/reading.js';
import { createBackoff, pause, systemClock, type Clock, type Component } from '../runtime/index.js';
import type { UsageHistory } from './history.js';
import type { KeptUsage } from './keeping.js';
import { createUsageReader } from './reader.js';

export interface UsageCollectorOptions {
  readonly provider: MetricsProvider;
  readonly history: UsageHistory;
  /** The windows of the policies that use the provider, by namespace of what they govern, in milliseconds. */
  readonly demand: () => ReadonlyMap<string, readonly number[]>;
  /** How far back daily peaks of memory are asked for, in milliseconds. */
  readonly peakWindowMs: number;
  /** Takes what the next process is to know. @default nobody: the provider can be asked again */
  readonly keep?: ((usage: KeptUsage) => void) | undefined;
  /**
   * Called when there is more usage than before, or none could be read.
   * @param hasTurned whether something that could be read cannot any more, or the other way round
   * @default nobody
   */
  readonly onTurn?: (hasTurned: boolean) => void;
  readonly clock?: Clock;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Keeps the usage that one provider tells of up to date, whatever becomes of other providers. */
export interface UsageCollector extends Component {
  /**
   * Why these namespaces cannot be read as far back as a window reaches, or nothing that is new can, until it can. What is known
   * already stays.
   */
  failureOf(namespaces: readonly string[], windowMs: number): ProviderError | undefined;
  /** How far back usage is remembered, in seconds. */
  readonly retention: number;
  /** All that is known of a container's usage within a window up to an instant (seconds since 1970). */
  usageOf(of: WorkloadContainer, windowMs: number, at: number): ContainerUsage;
  /** Up to when these namespaces were read (seconds since 1970); undefined where one of them was not yet. */
  coveredTo(namespaces: Iterable<string>): number | undefined;
  /** Whether these namespaces are read as far back as a window reaches. */
  isCovered(namespaces: readonly string[], windowMs: number): boolean;
  /** Resolves when these namespaces are read as far back as a window reaches, or that failed. */
  whenCovered(namespaces: readonly string[], windowMs: number): Promise<void>;
  /** Has what is asked for looked at again: policies changed. */
  wake(): void;
  /** Takes what a former process kept, in the order of time, segments first. @throws UsageRecordError: nothing of it counts */
  restore(usage: Pick<KeptUsage, 'bytes'>): void;
}

/** Tries again after a failed reading: soon at first, then about as often as there is something new. */
const FIRST_RETRY_MS = 1000;
const RETRY_RESET_MS = 600_000;

export function createUsageCollector(options: UsageCollectorOptions): UsageCollector {
  const { provider, history, keep, clock = systemClock, now = Date.now } = options;
  const createRetries = () =>
    createBackoff({ initialMs: FIRST_RETRY_MS, maxMs: provider.intervalMs, resetAfterMs: RETRY_RESET_MS }, () =>
      clock.now(),
    );
  const reader = createUsageReader({
    ...{ provider, history, keep, clock, now },
    demand: () => new Map(Array.from(options.demand(), ([namespace, windows]) => [namespace, windows.map(seconds)])),
    peakWindow: seconds(options.peakWindowMs),
    backoff: createRetries(),
  });
  let nap = new AbortController();
  let isWoken = false;
  /** Turns that began and that ended, and who waits for the end of one. */
  let begun = 0;
  let ended = 0;
  let waiting: (() => void)[] = [];

  const turnEnd = () => new Promise<void>((resolve) => void waiting.push(resolve));

  function mayNap(signal: AbortSignal): boolean {
    return !isWoken && !signal.aborted;
  }

  function wake(): void {
    // A provider that is down is not asked more often for it.
    if (reader.isDown) return;
    isWoken = true;
    nap.abort();
  }

  return {
    name: `usage-${provider.name}`,
    get retention() {
      return reader.retention;
    },
    usageOf: (of, windowMs, at) => history.usageOf(of, windowMs / 1000, at),
    failureOf: (namespaces, windowMs) => reader.failureOf(namespaces, seconds(windowMs)),
    coveredTo: (namespaces) => reader.coveredTo(namespaces),

    isCovered: (namespaces, windowMs) => reader.isCovered(namespaces, seconds(windowMs)),

    async whenCovered(namespaces, windowMs) {
      const window = seconds(windowMs);
      const isOver = () => reader.failureOf(namespaces, window) !== undefined || reader.isCovered(namespaces, window);
      // The turn under way may have been planned before anybody asked for these: the next one certainly was not.
      const last = begun + 1;
      while (!isOver()) {
        wake();
        await turnEnd();
        // The last may have begun already when its predecessor's end is noticed here.
        if (ended >= last && !reader.hasMore) break;
      }
    },

    wake,

    restore: (usage) => reader.restore(usage),

    async run(signal, { log }) {
      const stop = () => nap.abort();
      signal.addEventListener('abort', stop, { once: true });
      const backoff = createRetries();
      while (!signal.aborted) {
        const began = clock.now();
        isWoken = false;
        begun += 1;
        const hasTurned = await reader.turn(signal, log);
        ended = begun;
        const over = waiting;
        waiting = [];
        for (const end of over) end();
        options.onTurn?.(hasTurned);
        nap = new AbortController();
        const next = reader.isDown
          ? clock.now() + backoff.next()
          : Math.min(began + provider.intervalMs, reader.retryAt);
        if (!reader.hasMore && mayNap(signal)) await pause(clock, Math.max(0, next - clock.now()), nap.signal);
      }
      signal.removeEventListener('abort', stop);
    },
  };
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
