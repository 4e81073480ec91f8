import {
  ContainerHistory,
  PodOwners,
  sealedBy,
  USAGE_METRICS,
  WorkloadNames,
  type ContainerRecord,
  type ContainerUsage,
  type KilledContainer,
  type NamedWorkload,
  type RecordedOomKill,
  type SeriesRecord,
  type UsageRecord,
  type WorkloadContainer,
} from 'optipod/lib/usage';
import { UsageReading, type ReadingOptions } from './usage-reading.js';

export interface UsageHistoryOptions {
  /** All workloads of a namespace: whose a pod is that nobody told of, and who is gone for good. */
  readonly workloads: (namespace: string) => readonly NamedWorkload[];
  /** How long daily peaks of memory and OOM kills are remembered, in seconds; as long as a window where that is longer. */
  readonly peakWindow: number;
  /** A container was killed for want of memory, and that is news. @default nobody is told */
  readonly onKill?: (of: WorkloadContainer, kill: RecordedOomKill) => void;
}

interface Entry {
  readonly of: WorkloadContainer;
  readonly history: ContainerHistory;
}

/** What is known of a pod that belongs to nobody who is known. */
export interface AdriftPod {
  readonly namespace: string;
  readonly pod: string;
  readonly containers: Map<string, ContainerHistory>;
}

const HOUR = 3600;

/** Pods that are kept for a workload that may come, at most: some 16 MB of a day. */
const MOST_ADRIFT = 2000;

/** Usage of all workloads, as one provider tells it. */
export class UsageHistory {
  readonly owners = new PodOwners();
  readonly #options: UsageHistoryOptions;
  readonly #entries = new Map<string, Entry>();
  /** By namespace and pod, the ones heard of first at first. Their workloads may be made, or made again, later. */
  readonly #adrift = new Map<string, AdriftPod>();
  /** The hour in which what pods left behind was last tidied up. */
  #tidied: number | undefined;

  constructor(options: UsageHistoryOptions) {
    this.#options = options;
  }

  /** How many containers of workloads something is remembered of. */
  get size(): number {
    return this.#entries.size;
  }

  /** Begins a reading. @param to seconds since 1970: what is later than that is not counted */
  begin(to: number, options: Omit<ReadingOptions, 'to'> = {}): UsageReading {
    return new UsageReading(this, { ...options, to });
  }

  /** All that is known of a container's usage. Seconds: how long before `at` the window begins, and since 1970. */
  usageOf(of: WorkloadContainer, window: number, at: number): ContainerUsage {
    const history = this.#entries.get(keyOf(of))?.history;
    return history?.within({ from: at - window, to: at }, at - Math.max(window, this.#options.peakWindow)) ?? {};
  }

  /** A container was killed for want of memory; told again as often as its status is seen. */
  addOomKill({ namespace, pod, container, kill }: KilledContainer): void {
    const history = new ContainerHistory();
    history.addOomKill(kill);
    this.take({ namespace, pod, containers: new Map([[container, history]]) }, this.namesIn(namespace));
  }

  /** Takes what is known of a pod: to its workload, or where none is known, until one is. */
  take({ namespace, pod, containers }: AdriftPod, names: WorkloadNames): void {
    const owner = this.owners.likely(namespace, pod, names);
    if (owner === 'stranger') return;
    if (owner) {
      for (const [container, history] of containers) {
        this.#absorb({ namespace, kind: owner.kind, workload: owner.name, container }, history);
      }
      return;
    }
    const key = `${namespace}/${pod}`;
    const before = this.#adrift.get(key);
    if (!before) {
      this.#adrift.set(key, { namespace, pod, containers });
      const [oldest] = this.#adrift.keys();
      if (this.#adrift.size > MOST_ADRIFT && oldest !== undefined) this.#adrift.delete(oldest);
      return;
    }
    for (const [container, history] of containers) {
      const known = before.containers.get(container);
      if (known) known.absorb(history);
      else before.containers.set(container, history);
    }
  }

  /** A workload was made: what was known of its pods before goes there. */
  settle(namespace: string): void {
    const here = [...this.#adrift].filter(([, pod]) => pod.namespace === namespace);
    if (here.length === 0) return;
    const names = this.namesIn(namespace);
    for (const [key, pod] of here) {
      if (this.owners.likely(namespace, pod.pod, names) === undefined) continue;
      this.#adrift.delete(key);
      this.take(pod, names);
    }
  }

  namesIn(namespace: string): WorkloadNames {
    return new WorkloadNames(this.#options.workloads(namespace));
  }

  historyOf(of: WorkloadContainer): ContainerHistory {
    const key = keyOf(of);
    let entry = this.#entries.get(key);
    if (!entry) this.#entries.set(key, (entry = { of, history: new ContainerHistory() }));
    return entry.history;
  }

  /**
   * Seals what is two hours old, and forgets what nobody asks for any more; of a workload that is gone, everything as soon as
   * its last sample is forgotten.
   * @param now seconds since 1970: of the newest sample, so that no clock but that of the samples makes anything old
   * @param longest the longest window that is asked for, in seconds
   */
  advance(now: number, longest: number): void {
    for (const [key, { of, history }] of this.#entries) {
      history.advance(now, { samples: longest, peaks: Math.max(longest, this.#options.peakWindow) });
      if (history.isEmpty || (!history.hasSamples && !this.#isThere(of))) this.#entries.delete(key);
    }
    for (const [key, { containers }] of this.#adrift) {
      for (const [container, history] of containers) {
        history.advance(now, { samples: longest, peaks: longest });
        if (history.isEmpty) containers.delete(container);
      }
      if (containers.size === 0) this.#adrift.delete(key);
    }
  }

  /**
   * Told when pods go, also where nobody reads usage: forgets whose pods were that have none, and kills of workloads that are
   * gone. @param now seconds since 1970, by the clock: without usage there is no other time
   */
  tidy(now: number): void {
    const hour = Math.floor(now / HOUR);
    if (hour === this.#tidied) return;
    const isFirst = this.#tidied === undefined;
    this.#tidied = hour;
    const remembered = new Set(this.#adrift.keys());
    for (const [key, { of, history }] of this.#entries) {
      for (const pod of history.pods.keys()) remembered.add(`${of.namespace}/${pod}`);
      // After a start, workloads may not be known yet.
      if (!isFirst && !history.hasSamples && !this.#isThere(of)) this.#entries.delete(key);
    }
    this.owners.forget(now, HOUR, (namespace, pod) => isFirst || remembered.has(`${namespace}/${pod}`));
  }

  /** The end of the last hour of which everything is sealed, as of an instant. Seconds since 1970. */
  sealedHour(now: number): number {
    return Math.floor(sealedBy(now) / HOUR) * HOUR;
  }

  /** An hour that is sealed, with every peak and kill that is remembered: they outlast the hours they come from. */
  segment(to: number): UsageRecord {
    const from = to - HOUR;
    const containers = [...this.#entries.values()].flatMap(({ of, history }): ContainerRecord[] => {
      const series = [...history.pods].flatMap(([pod, pooled]) =>
        USAGE_METRICS.flatMap((metric): SeriesRecord[] => {
          const chunks = pooled[metric]?.chunks({ from, to });
          return chunks && chunks.length > 0 ? [{ pod, metric, chunks }] : [];
        }),
      );
      const { peaks, oomKills } = history;
      return series.length + peaks.length + oomKills.length > 0 ? [{ ...of, series, peaks, oomKills }] : [];
    });
    return { kind: 'segment', from, to, containers };
  }

  /** Takes what a former process kept. Segments come before the intervals after them, all in the order of time. */
  restore({ to, containers }: UsageRecord): void {
    for (const { series, peaks, oomKills, ...of } of containers) {
      const history = this.historyOf(of);
      for (const { pod, metric, samples, chunks } of series) {
        if (chunks) history.adopt(metric, pod, chunks);
        samples?.instants.forEach((at, index) => history.add(metric, pod, at, samples.values[index] ?? Number.NaN));
      }
      for (const { at, bytes } of peaks) history.addPeak(at, bytes);
      for (const kill of oomKills) history.addOomKill(kill);
    }
    // As it was then. Nothing is forgotten: which windows are asked for is not known yet.
    const retention = { samples: Infinity, peaks: Infinity };
    for (const { history } of this.#entries.values()) history.advance(to, retention);
  }

  /** Takes the kills that a former process saw; they are no news. */
  restoreKills(kills: readonly ContainerRecord[]): void {
    for (const { oomKills, series: _, peaks: __, ...of } of kills) {
      for (const kill of oomKills) this.historyOf(of).addOomKill(kill);
    }
  }

  #absorb(of: WorkloadContainer, other: ContainerHistory): void {
    const history = this.historyOf(of);
    for (const kill of other.oomKills) if (history.addOomKill(kill)) this.#options.onKill?.(of, kill);
    history.absorb(other);
  }

  #isThere({ namespace, kind, workload }: WorkloadContainer): boolean {
    return this.#options.workloads(namespace).some((one) => one.kind === kind && one.name === workload);
  }
}

function keyOf({ namespace, kind, workload, container }: WorkloadContainer): string {
  return `${kind}/${namespace}/${workload}/${container}`;
}
