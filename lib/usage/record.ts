import type { WorkloadKind } from '../policy/index.js';
import type { UsageMetric } from './container-history.js';
import type { MemoryPeak } from './memory-peaks.js';
import type { RecordedOomKill } from './oom-kills.js';
import type { SampleList } from './series.js';

/** A container of a workload. */
export interface WorkloadContainer {
  readonly namespace: string;
  readonly kind: WorkloadKind;
  readonly workload: string;
  readonly container: string;
}

/** New samples of one series. */
export interface Samples extends SampleList {
  readonly instants: readonly number[];
  readonly values: readonly number[];
}

/** What a record has of one pod and one thing that is measured: samples as they are, or chunks that are sealed. */
export interface SeriesRecord {
  readonly pod: string;
  readonly metric: UsageMetric;
  readonly samples?: Samples;
  readonly chunks?: Uint8Array;
}

/** What a record has of one container. */
export interface ContainerRecord extends WorkloadContainer {
  readonly series: readonly SeriesRecord[];
  readonly peaks: readonly MemoryPeak[];
  readonly oomKills: readonly RecordedOomKill[];
}

/**
 * What is kept of usage for the next process: an `interval` has everything that came in one reading, a `segment` an hour that is
 * sealed. Both are about the time after `from` up to and with `to`, in seconds since 1970.
 */
export interface UsageRecord {
  readonly kind: 'interval' | 'segment';
  readonly from: number;
  readonly to: number;
  readonly containers: readonly ContainerRecord[];
}
