import { decodeUsageRecord, forgottenBy, type ContainerUsage, type WorkloadContainer } from 'optipod/lib/usage';
import { ProviderError } from '../metrics/provider.js';
import type { MetricsProvider } from '../metrics/reading.js';
import {
  createBackoff,
  messageOf,
  pause,
  systemClock,
  type Clock,
  type Component,
  type Logger,
} from '../runtime/index.js';
import type { UsageHistory } from './history.js';
import { Keeping, type KeptUsage } from './keeping.js';
import {
  coveredBy,
  coveredSince,
  coveredUntil,
  planReads,
  type Coverage,
  type Demand,
  type PlannedRead,
} from './read-plan.js';
import { Retention } from './retention.js';

export interface UsageCollectorOptions {
  readonly provider: MetricsProvider;
  readonly history: UsageHistory;
  /** The longest window of the policies that use the provider, by namespace of what they govern, in milliseconds. */
  readonly demand: () => ReadonlyMap<string, number>;
  /** How far back daily peaks of memory are asked for, in milliseconds. */
  readonly peakWindowMs: number;
  /** Takes what the next process is to know. @default nobody: the provider can be asked again */
  readonly keep?: ((usage: KeptUsage) => void) | undefined;
  /** Called when there is more usage than before, or none could be read. @default nobody */
  readonly onTurn?: () => void;
  readonly clock?: Clock;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** Keeps the usage that one provider tells of up to date, whatever becomes of other providers. */
export interface UsageCollector extends Component {
  /** Why the last reading failed, until one succeeds. What is known already stays. */
  readonly failure: ProviderError | undefined;
  /** How far back usage is remembered, in seconds. */
  readonly retention: number;
  /** All that is known of a container's usage within a window up to an instant (seconds since 1970). */
  usageOf(of: WorkloadContainer, windowMs: number, at: number): ContainerUsage;
  /** Up to when these namespaces were read (seconds since 1970); undefined where one of them was not yet. */
  coveredTo(namespaces: Iterable<string>): number | undefined;
  /** Whether these namespaces are read as far as they are asked for. */
  isCovered(namespaces: readonly string[]): boolean;
  /** Resolves when these namespaces are read as far as they are asked for, or that failed. Rejects with the signal's reason. */
  whenCovered(namespaces: readonly string[], signal: AbortSignal): Promise<void>;
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
  const retention = new Retention();
  const keeping = keep && new Keeping(history, keep);
  let coverage: Coverage = new Map();
  let failure: ProviderError | undefined;
  /** The newest sample ever, by which everything ages. */
  let newest = 0;
  let nap = new AbortController();
  let isWoken = false;
  /** Turns that began and that ended, and who waits for the end of one. */
  let begun = 0;
  let ended = 0;
  const waiting = new Set<() => void>();

  function demand(): Demand {
    return new Map(Array.from(options.demand(), ([namespace, ms]) => [namespace, Math.ceil(ms / 1000)]));
  }

  function plan(): PlannedRead[] {
    const wanted = demand();
    const to = Math.floor(provider.settled(now()));
    coverage = coveredUntil(new Map([...coverage].filter(([namespace]) => wanted.has(namespace))), to);
    newest = Math.min(newest, to);
    return planReads(coverage, wanted, {
      to,
      looksBack: provider.looksBack,
      interval: Math.ceil(provider.intervalMs / 1000),
      peakWindow: Math.ceil(options.peakWindowMs / 1000),
    });
  }

  async function read(planned: PlannedRead, signal: AbortSignal): Promise<void> {
    const { part: _, ...request } = planned;
    const reading = history.begin(request.to, keeping !== undefined);
    await provider.read(request, reading, signal);
    signal.throwIfAborted();
    reading.end();
    coverage = coveredBy(coverage, planned, reading.newest);
    if (reading.newest === undefined) return;
    newest = Math.max(newest, reading.newest);
    keeping?.reading(request, reading);
  }

  /** Everything that is missing, in turn: a part that fails is tried again, and so is what comes after it. */
  async function turn(signal: AbortSignal, log: Logger): Promise<void> {
    try {
      for (const planned of plan()) await read(planned, signal);
      if (failure) log.info({ provider: provider.name }, 'usage can be read again');
      failure = undefined;
    } catch (error) {
      if (signal.aborted) return;
      const isNew = failure === undefined;
      failure = asProviderError(provider, error);
      log[isNew ? 'warn' : 'debug']({ provider: provider.name, err: error }, 'usage could not be read');
    }
    if (newest > 0) {
      forget();
      keeping?.hours(newest);
    }
  }

  /** What is forgotten is read again when somebody asks for it again. */
  function forget(): void {
    retention.note(Math.max(0, ...demand().values()), newest);
    history.advance(newest, retention.longest);
    coverage = coveredSince(coverage, forgottenBy(newest, retention.longest));
  }

  function isCovered(namespaces: readonly string[]): boolean {
    const wanted = demand();
    const asked = Math.floor(provider.settled(now()));
    return namespaces.every((namespace) => {
      const covered = coverage.get(namespace);
      const since = asked - (wanted.get(namespace) ?? 0);
      return covered !== undefined && (!provider.looksBack || covered.from <= since);
    });
  }

  function turnEnd(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        waiting.delete(end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      waiting.add(end);
      signal.addEventListener('abort', end, { once: true });
    });
  }

  function mayNap(signal: AbortSignal): boolean {
    return !isWoken && !signal.aborted;
  }

  function wake(): void {
    // A provider that is down is not asked more often for it.
    if (failure) return;
    isWoken = true;
    nap.abort();
  }

  return {
    name: `usage-${provider.name}`,
    get failure() {
      return failure;
    },
    get retention() {
      return retention.longest;
    },
    usageOf: (of, windowMs, at) => history.usageOf(of, windowMs / 1000, at),

    coveredTo(namespaces) {
      let to = Infinity;
      for (const namespace of namespaces) to = Math.min(to, coverage.get(namespace)?.asked ?? Number.NEGATIVE_INFINITY);
      return Number.isFinite(to) ? to : undefined;
    },

    isCovered,

    async whenCovered(namespaces, signal) {
      // The turn under way may have been planned before anybody asked for these: the next one certainly was not.
      const last = begun + 1;
      while (!signal.aborted && !failure && !isCovered(namespaces)) {
        wake();
        await turnEnd(signal);
        // The last may have begun already when its predecessor's end is noticed here.
        if (ended >= last) break;
      }
      signal.throwIfAborted();
    },

    wake,

    restore({ bytes }) {
      const record = decodeUsageRecord(bytes);
      history.restore(record);
      newest = Math.max(newest, record.to);
      keeping?.restored(record);
    },

    async run(signal, { log }) {
      const stop = () => nap.abort();
      signal.addEventListener('abort', stop, { once: true });
      const backoff = createBackoff(
        { initialMs: FIRST_RETRY_MS, maxMs: provider.intervalMs, resetAfterMs: RETRY_RESET_MS },
        () => clock.now(),
      );
      while (!signal.aborted) {
        const began = clock.now();
        isWoken = false;
        begun += 1;
        await turn(signal, log);
        ended = begun;
        for (const end of [...waiting]) end();
        options.onTurn?.();
        nap = new AbortController();
        const rest = began + provider.intervalMs - clock.now();
        if (mayNap(signal)) await pause(clock, failure ? backoff.next() : Math.max(0, rest), nap.signal);
      }
      signal.removeEventListener('abort', stop);
    },
  };
}

/** What a provider throws that it should not is told as its failure: one that is broken must not stop the others. */
function asProviderError({ name }: MetricsProvider, error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const message = `the provider ${name} failed: ${messageOf(error)}`;
  return new ProviderError('ProviderAnswerInvalid', message, { cause: error });
}
