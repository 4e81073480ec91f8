import { MemoryPeaks, type MemoryPeak } from './memory-peaks.js';
import { OomKills, type RecordedOomKill } from './oom-kills.js';
import { pooledMean, pooledUsage } from './pooled-usage.js';
import { sealedBy, Series, type SampleList, type Span } from './series.js';
import type { ContainerUsage, Usage } from './usage.js';

/** What is measured: cores, bytes of working set, throttled share of the CFS periods. */
export const USAGE_METRICS = ['cpu', 'memory', 'throttled'] as const;
export type UsageMetric = (typeof USAGE_METRICS)[number];

/** How long usage is remembered, in seconds. */
export interface Retention {
  /** The longest window that is asked for. */
  readonly samples: number;
  /** For the highest working set of each day, and for OOM kills. */
  readonly peaks: number;
}

/** The seconds of an hour, after which a history is worth tidying up. */
const HOUR = 3600;

/**
 * What ended by this instant (seconds since 1970) is forgotten as of another. Nobody asks for a little more than the longest
 * window: once an hour is enough.
 */
export function forgottenBy(now: number, samples: number): number {
  return Math.floor(now / HOUR) * HOUR - samples;
}

/** One pod's part of a history. */
export type PodHistory = Record<UsageMetric, Series | undefined>;

/** The last instant that 32 bits hold, in 2106. */
const LAST_INSTANT = 2 ** 32 - 1;

/** Whether it is a sample, and not one of a wrong clock, or of less than nothing. @param at seconds since 1970 */
export function canBeSample(at: number, value: number): boolean {
  return value >= 0 && value < Infinity && at >= 0 && at <= LAST_INSTANT;
}

/**
 * What one container of one workload used, in all the pods that the workload has and had. Everything that it says depends on the
 * samples and instants it was given alone.
 */
export class ContainerHistory {
  readonly #pods = new Map<string, PodHistory>();
  readonly #peaks = new MemoryPeaks();
  readonly #oomKills = new OomKills();
  /** The hour in which it was last tidied up; after a clock was wrong, one that is yet to come. */
  #tidied = -1;

  /** Whether there are samples, and not only peaks and kills, which outlast them. */
  get hasSamples(): boolean {
    return this.#pods.size > 0;
  }

  get isEmpty(): boolean {
    return !this.hasSamples && this.peaks.length === 0 && this.oomKills.length === 0;
  }

  get peaks(): readonly MemoryPeak[] {
    return this.#peaks.all;
  }

  get oomKills(): readonly RecordedOomKill[] {
    return this.#oomKills.all;
  }

  get pods(): ReadonlyMap<string, Readonly<PodHistory>> {
    return this.#pods;
  }

  /**
   * One sample of one pod: at seconds since 1970, of which the fraction does not count. What cannot be one is left out, and of two
   * values of one instant the higher counts.
   */
  add(metric: UsageMetric, pod: string, at: number, value: number): void {
    if (!canBeSample(at, value)) return;
    const second = Math.floor(at);
    this.#seriesOf(metric, pod).add(second, value);
    if (metric === 'memory') this.#peaks.add(value, second);
  }

  /** Takes many samples of one pod in the order of time, at whole seconds, each of which is one that can be. */
  addAll(metric: UsageMetric, pod: string, samples: SampleList): void {
    if (samples.instants.length === 0) return;
    this.#seriesOf(metric, pod).addAll(samples);
    if (metric !== 'memory') return;
    const { instants, values } = samples;
    for (let index = 0; index < instants.length; index += 1) this.#peaks.add(values[index] ?? 0, instants[index] ?? 0);
  }

  /** The highest working set within the day that ended at an instant, as somebody else found it. */
  addPeak(at: number, bytes: number): void {
    if (canBeSample(at, bytes)) this.#peaks.add(bytes, at);
  }

  /** @returns whether it was not known, and matters */
  addOomKill(kill: RecordedOomKill): boolean {
    return this.#oomKills.add(kill);
  }

  /** What one pod used, as it was sealed before. */
  adopt(metric: UsageMetric, pod: string, chunks: Uint8Array): void {
    this.#seriesOf(metric, pod).adopt(chunks);
  }

  /** Takes everything of another history of the same container, which is not to be used any more. */
  absorb(other: ContainerHistory): void {
    for (const [pod, theirs] of other.#pods) {
      const ours = this.#podOf(pod);
      for (const metric of USAGE_METRICS) {
        const series = theirs[metric];
        if (series && ours[metric]) ours[metric].absorb(series);
        else if (series) ours[metric] = series;
      }
    }
    for (const { bytes, at } of other.peaks) this.#peaks.add(bytes, at);
    for (const kill of other.oomKills) this.#oomKills.add(kill);
  }

  /** Usage of one resource within a window; what its pods used on their own may be asked until samples are added. */
  usage(resource: 'cpu' | 'memory', window: Span): Usage | undefined {
    return pooledUsage(this.#pods, resource, window);
  }

  /** All there is to say of a window. @param peaksFrom from when on peaks and kills count, if not all of them */
  within(window: Span, peaksFrom = -Infinity): ContainerUsage {
    const cpu = this.usage('cpu', window);
    const memory = this.usage('memory', window);
    const memoryPeak = this.#peaks.highest(peaksFrom);
    const oomKill = this.#oomKills.largest(peaksFrom);
    const throttledShare = pooledMean(this.#pods, 'throttled', window);
    return {
      ...(cpu ? { cpu } : {}),
      ...(memory ? { memory } : {}),
      ...(memoryPeak ? { memoryPeak } : {}),
      ...(oomKill ? { oomKill } : {}),
      ...(throttledShare === undefined ? {} : { throttledShare: Math.min(1, throttledShare) }),
    };
  }

  /** Seals what is two hours old, as of an instant. */
  seal(now: number): void {
    for (const history of this.#pods.values()) {
      for (const metric of USAGE_METRICS) history[metric]?.seal(sealedBy(now));
    }
  }

  /** Told when it is, now and then: seals what is two hours old, and forgets what nobody asks for any more. */
  advance(now: number, retention: Retention): void {
    const hour = Math.floor(now / HOUR);
    const isNewHour = hour !== this.#tidied;
    for (const [pod, history] of this.#pods) {
      for (const metric of USAGE_METRICS) {
        const series = history[metric];
        series?.seal(sealedBy(now));
        if (!series || !isNewHour) continue;
        series.tidy(now, forgottenBy(now, retention.samples));
        if (series.isEmpty) history[metric] = undefined;
      }
      if (USAGE_METRICS.every((metric) => !history[metric])) this.#pods.delete(pod);
    }
    if (!isNewHour) return;
    this.#tidied = hour;
    this.#peaks.forget(now - retention.peaks);
    this.#oomKills.forget(now - retention.peaks);
  }

  #seriesOf(metric: UsageMetric, pod: string): Series {
    return (this.#podOf(pod)[metric] ??= new Series());
  }

  #podOf(pod: string): PodHistory {
    let history = this.#pods.get(pod);
    if (!history) this.#pods.set(pod, (history = { cpu: undefined, memory: undefined, throttled: undefined }));
    return history;
  }
}
