import { setImmediate as turnOfLoop } from 'node:timers/promises';
import {
  canBeSample,
  ContainerHistory,
  type ContainerRecord,
  type NamedWorkload,
  type SampleList,
  type Samples,
  type SeriesRecord,
  type WorkloadContainer,
  type WorkloadNames,
} from 'optipod/lib/usage';
import type { ContainerRef, SeriesRef, UsageSink } from '../metrics/reading.js';
import { SampleRun } from '../metrics/sample-run.js';
import type { AdriftPod, UsageHistory } from './history.js';

/** What many pods brought is put where it belongs in turns of the event loop, of some ten milliseconds each. */
const PODS_A_TURN = 8;

/** A series as it was read, for whoever keeps it. */
interface Taken {
  readonly of: SeriesRef;
  readonly samples: Samples;
}

export interface ReadingOptions {
  /** Seconds since 1970: what is later than that is not counted. */
  readonly to: number;
  /** Whether somebody wants the record of it. */
  readonly isKept?: boolean;
  /** Whether it reaches far back: then nothing of it counts before it ended. */
  readonly isLookBack?: boolean;
}

/**
 * One reading of a provider, on its way into a history. Of what is new, what is read of pods that are known goes straight there;
 * of the others when the reading ends, and all that may be told of their owners is. What a broken off reading brought until then
 * stays: it is read again, and counts once. Of a look back all goes there when it ends: what is old is sealed by and by, and
 * where that were done to a part of it, the rest would be too late.
 */
export class UsageReading implements UsageSink {
  readonly #history: UsageHistory;
  readonly #to: number;
  readonly #isKept: boolean;
  readonly #isLookBack: boolean;
  /** By namespace. */
  readonly #names = new Map<string, WorkloadNames>();
  /** Pods whose owners may be told later within the reading; of a look back all. */
  readonly #waiting = new Map<string, AdriftPod>();
  readonly #taken: Taken[] = [];
  readonly #peaks: { readonly of: ContainerRef; readonly at: number; readonly bytes: number }[] = [];
  #newest: number | undefined;
  /** Those of one series that count. */
  readonly #run = new SampleRun();

  constructor(history: UsageHistory, { to, isKept = false, isLookBack = false }: ReadingOptions) {
    this.#history = history;
    this.#to = to;
    this.#isKept = isKept;
    this.#isLookBack = isLookBack;
  }

  /** The latest instant that there was a sample of, in whole seconds since 1970. */
  get newest(): number | undefined {
    return this.#newest;
  }

  samples(of: SeriesRef, samples: SampleList): void {
    const { size, instants, values } = this.#counted(samples);
    const history = size === 0 ? undefined : this.#historyOf(of);
    if (!history) return;
    if (this.#isLookBack) history.addAll(of.metric, of.pod, { instants, values });
    else instants.forEach((at, index) => history.add(of.metric, of.pod, at, values[index] ?? 0));
    let newest = this.#newest ?? 0;
    for (const at of instants) if (at > newest) newest = at;
    this.#newest = newest;
    if (this.#isKept) this.#taken.push({ of, samples: { instants: [...instants], values: [...values] } });
  }

  peak(of: ContainerRef, at: number, bytes: number): void {
    if (at > this.#to || !canBeSample(at, bytes)) return;
    this.#historyOf(of)?.addPeak(at, bytes);
    if (this.#isKept) this.#peaks.push({ of, at, bytes });
  }

  owner(namespace: string, pod: string, owner: { readonly kind: string; readonly name: string }): void {
    this.#history.owners.told(namespace, pod, owner);
  }

  /** Puts what waited where it belongs. After a look back at many pods, that takes a while. */
  async end(): Promise<void> {
    // Workloads may have been made while it was read: what waits here was not there yet when they were settled.
    this.#names.clear();
    let done = 0;
    // Pods leave as they go, so that there is little twice at a time.
    for (const [key, pod] of this.#waiting) {
      this.#waiting.delete(key);
      // Whole chunks are put beside others at once, samples one by one.
      if (this.#isLookBack) for (const history of pod.containers.values()) history.seal(this.#to);
      this.#history.take(pod, this.#namesIn(pod.namespace));
      done += 1;
      if (done % PODS_A_TURN > 0) continue;
      await turnOfLoop();
      this.#names.clear();
    }
  }

  /** Everything that was read and belongs to a workload, once it ended. */
  records(): readonly ContainerRecord[] {
    const records = new Map<
      string,
      ContainerRecord & { readonly series: SeriesRecord[]; readonly peaks: { at: number; bytes: number }[] }
    >();
    const recordOf = (of: ContainerRef) => {
      const owner = this.#history.owners.likely(of.namespace, of.pod, this.#namesIn(of.namespace));
      if (owner === undefined || owner === 'stranger') return undefined;
      const key = `${of.namespace}/${owner.kind}/${owner.name}/${of.container}`;
      let record = records.get(key);
      if (!record) records.set(key, (record = { ...placeOf(of, owner), series: [], peaks: [], oomKills: [] }));
      return record;
    };
    for (const { of, samples } of this.#taken) {
      recordOf(of)?.series.push({ pod: of.pod, metric: of.metric, samples });
    }
    for (const { of, at, bytes } of this.#peaks) recordOf(of)?.peaks.push({ at, bytes });
    return [...records.values()];
  }

  /** What can be samples, at whole seconds. */
  #counted({ instants, values }: SampleList): SampleRun {
    this.#run.clear();
    for (let index = 0; index < instants.length; index += 1) {
      const at = instants[index] ?? Number.NaN;
      const value = values[index] ?? Number.NaN;
      // Of the future: some clock is wrong.
      if (at <= this.#to && canBeSample(at, value)) this.#run.push(Math.floor(at), value);
    }
    return this.#run;
  }

  #namesIn(namespace: string): WorkloadNames {
    let names = this.#names.get(namespace);
    if (!names) this.#names.set(namespace, (names = this.#history.namesIn(namespace)));
    return names;
  }

  #historyOf({ namespace, pod, container }: ContainerRef): ContainerHistory | undefined {
    const owner = this.#history.owners.certain(namespace, pod, this.#namesIn(namespace));
    if (owner === 'stranger') return undefined;
    if (owner && !this.#isLookBack) return this.#history.historyOf(placeOf({ namespace, pod, container }, owner));
    const key = `${namespace}/${pod}`;
    let waiting = this.#waiting.get(key);
    if (!waiting) this.#waiting.set(key, (waiting = { namespace, pod, containers: new Map() }));
    let history = waiting.containers.get(container);
    if (!history) waiting.containers.set(container, (history = new ContainerHistory()));
    return history;
  }
}

function placeOf({ namespace, container }: ContainerRef, { kind, name }: NamedWorkload): WorkloadContainer {
  return { namespace, kind, workload: name, container };
}
