import { decodeUsageRecord, forgottenBy } from 'optipod/lib/usage';
import { ProviderError } from '../metrics/provider.js';
import type { MetricsProvider } from '../metrics/reading.js';
import { collectGarbage, messageOf, type Backoff, type Clock, type Logger } from '../runtime/index.js';
import type { UsageHistory } from './history.js';
import { Keeping, type KeptUsage } from './keeping.js';
import { LookBacks } from './look-backs.js';
import {
  coveredBy,
  coveredSince,
  coveredUntil,
  longestOf,
  planReads,
  type Coverage,
  type Demand,
  type PlannedRead,
} from './read-plan.js';
import { Retention } from './retention.js';
import { SampleTime } from './sample-time.js';
import { SliceSize } from './slice-size.js';

export interface UsageReaderOptions {
  readonly provider: MetricsProvider;
  readonly history: UsageHistory;
  /** In seconds. */
  readonly demand: () => Demand;
  /** How far back daily peaks of memory are asked for, in seconds. */
  readonly peakWindow: number;
  /** Takes what the next process is to know. @default nobody: the provider can be asked again */
  readonly keep?: ((usage: KeptUsage) => void) | undefined;
  /** Of looks into the past that failed. */
  readonly backoff: Backoff;
  readonly clock: Clock;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Reads what is missing of what is asked for, a turn at a time, and knows what was read and what could not be. Times in seconds. */
export interface UsageReader {
  /** Nothing that is new can be read. */
  readonly isDown: boolean;
  /** The last turn ended for news to be read, and there is more of the past to read. */
  readonly hasMore: boolean;
  /** When more of the past is to be tried again, by the clock, in milliseconds. */
  readonly retryAt: number;
  /** How far back usage is remembered. */
  readonly retention: number;
  /** One turn. @returns whether something that could be read cannot any more, or the other way round */
  turn(signal: AbortSignal, log: Logger): Promise<boolean>;
  isCovered(namespaces: readonly string[], window: number): boolean;
  failureOf(namespaces: readonly string[], window: number): ProviderError | undefined;
  coveredTo(namespaces: Iterable<string>): number | undefined;
  restore(usage: Pick<KeptUsage, 'bytes'>): void;
}

export function createUsageReader(options: UsageReaderOptions): UsageReader {
  const { provider, history, keep, demand, clock, now } = options;
  const retention = new Retention();
  const keeping = keep && new Keeping(history, keep);
  const lookBacks = new LookBacks(options.backoff);
  const time = new SampleTime(() => clock.now());
  const slice = new SliceSize(provider.intervalMs);
  /** As of the last turn that ended. */
  let hasMore = false;
  let coverage: Coverage = new Map();
  /** Of reading what is new, which concerns everybody. */
  let failure: ProviderError | undefined;

  const settled = () => Math.floor(provider.settled(now()));

  /** @param to seconds since 1970 */
  function plan(to: number): PlannedRead[] {
    const wanted = demand();
    lookBacks.begin(wanted, clock.now());
    coverage = coveredUntil(new Map([...coverage].filter(([namespace]) => wanted.has(namespace))), to);
    time.cap(to);
    return missing(wanted, to);
  }

  function missing(wanted: Demand, to: number): PlannedRead[] {
    return planReads(coverage, wanted, {
      to,
      looksBack: provider.looksBack,
      interval: Math.ceil(provider.intervalMs / 1000),
      peakWindow: options.peakWindow,
      slice: slice.seconds,
    });
  }

  async function read(planned: PlannedRead, signal: AbortSignal): Promise<void> {
    const { part, ...request } = planned;
    const reading = history.begin(request.to, {
      isKept: keeping !== undefined,
      isLookBack: part === 'start' || part === 'past',
    });
    await provider.read(request, reading, signal);
    signal.throwIfAborted();
    await reading.end();
    signal.throwIfAborted();
    coverage = coveredBy(coverage, planned, reading.newest);
    if (reading.newest === undefined) return;
    time.note(reading.newest);
    keeping?.reading(request, reading);
  }

  /** After a time without samples: where some come again, what else may have come late is read at once, before it is too late. */
  async function glance(planned: PlannedRead, signal: AbortSignal): Promise<void> {
    await read(planned, signal);
    const [news] = missing(demand(), planned.to);
    if (news?.part === 'news') await read(news, signal);
  }

  /**
   * A part of the past, for those who ask for it: it may be more than the provider has to give.
   * @returns whether it was tried
   */
  async function lookBack(planned: PlannedRead, window: number, signal: AbortSignal, log: Logger): Promise<boolean> {
    const namespaces = lookBacks.open(planned.namespaces, window);
    if (namespaces.length === 0) return false;
    const about = { provider: provider.name, namespaces, seconds: window };
    const began = clock.now();
    try {
      await read({ ...planned, namespaces }, signal);
      slice.note(planned.to - planned.from, clock.now() - began);
      if (lookBacks.succeeded(namespaces, window)) log.info(about, 'past usage can be read again');
    } catch (error) {
      if (signal.aborted) return true;
      const isNews = lookBacks.failed(namespaces, window, asProviderError(provider, error));
      log[isNews ? 'warn' : 'debug']({ ...about, err: error }, 'past usage could not be read');
    }
    return true;
  }

  /**
   * What is missing, one after the other, until there should be news again: what fails is tried again. Without news the provider
   * is down, and not asked for more.
   * @returns why there are no news
   */
  async function readMissing(signal: AbortSignal, log: Logger): Promise<ProviderError | undefined> {
    let isCut = false;
    // However slow the provider is, each turn gets on with the past.
    let hasLooked = false;
    try {
      const to = settled();
      const began = clock.now();
      for (const planned of plan(to)) {
        isCut = hasLooked && clock.now() - began >= provider.intervalMs;
        if (isCut) break;
        if (planned.part === 'glance') await glance(planned, signal);
        else if (planned.part === 'news') await read(planned, signal);
        else if (await lookBack(planned, to - planned.from, signal, log)) hasLooked = true;
        signal.throwIfAborted();
      }
      return undefined;
    } catch (error) {
      return asProviderError(provider, error);
    } finally {
      hasMore = isCut;
      // A day of everybody's samples went through, and little of it is left.
      if (hasLooked && !signal.aborted) collectGarbage();
    }
  }

  function noteNews(error: ProviderError | undefined, log: Logger): void {
    if (error) log[failure ? 'debug' : 'warn']({ provider: provider.name, err: error }, 'usage could not be read');
    else if (failure) log.info({ provider: provider.name }, 'usage can be read again');
    failure = error;
  }

  /** What is forgotten is read again when somebody asks for it again. */
  function forget(): void {
    const { newest } = time;
    retention.note(longestOf(demand()), newest);
    history.advance(newest, retention.longest);
    coverage = coveredSince(coverage, forgottenBy(newest, retention.longest));
  }

  /** What cannot be read, as a text to compare. */
  function troubles(): string {
    return [failure ? 'news' : '', ...lookBacks.failing].join(' ');
  }

  function isCovered(namespace: string, window: number): boolean {
    const covered = coverage.get(namespace);
    return covered !== undefined && (!provider.looksBack || covered.from <= settled() - window);
  }

  return {
    get isDown() {
      return failure !== undefined;
    },
    get hasMore() {
      return hasMore;
    },
    get retryAt() {
      return lookBacks.due;
    },
    get retention() {
      return retention.longest;
    },

    async turn(signal, log) {
      const before = troubles();
      const error = await readMissing(signal, log);
      if (signal.aborted) return false;
      noteNews(error, log);
      lookBacks.end(clock.now());
      if (time.newest > 0) {
        forget();
        keeping?.hours(time.newest);
      }
      return troubles() !== before;
    },

    isCovered: (namespaces, window) => namespaces.every((namespace) => isCovered(namespace, window)),

    failureOf(namespaces, window) {
      if (failure) return failure;
      const lacking = namespaces.filter((namespace) => !isCovered(namespace, window));
      return lacking.map((namespace) => lookBacks.failureOf(namespace, window)).find((one) => one !== undefined);
    },

    coveredTo(namespaces) {
      let to = Infinity;
      for (const namespace of namespaces) to = Math.min(to, coverage.get(namespace)?.asked ?? Number.NEGATIVE_INFINITY);
      return Number.isFinite(to) ? to : undefined;
    },

    restore({ bytes }) {
      const record = decodeUsageRecord(bytes);
      history.restore(record);
      time.restore(record.to);
      keeping?.restored(record);
    },
  };
}

/** What a provider throws that it should not is told as its failure: one that is broken must not stop the others. */
function asProviderError({ name }: MetricsProvider, error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  const message = `the provider ${name} failed: ${messageOf(error)}`;
  return new ProviderError('ProviderAnswerInvalid', message, { cause: error });
}
