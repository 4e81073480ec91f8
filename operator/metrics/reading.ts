import type { SampleList } from 'optipod/lib/usage';

/** What a provider hands over. */
export interface UsageSink {
  /**
   * Samples of one series, as many as there are at hand; the lists are not looked at any more once the call returns. Seconds since
   * 1970, and CPU in cores, memory (working set) in bytes, throttled as the share of CFS periods.
   */
  samples(of: SeriesRef, samples: SampleList): void;
  /** The highest working set of one container of a pod within the day that ended at `at` (seconds since 1970). */
  peak(of: ContainerRef, at: number, bytes: number): void;
  /** Whose pod it is or was, where the provider knows (kube-state-metrics). */
  owner(namespace: string, pod: string, owner: { readonly kind: string; readonly name: string }): void;
}

export interface ContainerRef {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export interface SeriesRef extends ContainerRef {
  readonly metric: 'cpu' | 'memory' | 'throttled';
}

/** What is to be read: everything after `from` up to and with `to`, seconds since 1970. */
export interface ReadRequest {
  readonly from: number;
  readonly to: number;
  /** Only these namespaces; all where absent. */
  readonly namespaces?: readonly string[];
  /** Daily peaks of memory from here on too. */
  readonly peaksFrom?: number;
}

export interface MetricsProvider {
  readonly name: 'prometheus' | 'metrics-server' | 'custom';
  /** How often there is something new to read. */
  readonly intervalMs: number;
  /** Whether it can tell of the past; otherwise what was not read in time is lost. */
  readonly looksBack: boolean;
  /** The latest instant (seconds since 1970) whose samples will not change any more, at or before `now` (milliseconds). */
  settled(now: number): number;
  /**
   * Owners come before the samples, and the samples of a series in order of time. What is measured at one go has one instant,
   * whatever the pod: instants are counted. Where an answer breaks off, what was handed over may come again: at once, or at the
   * next try.
   * @throws ProviderError
   */
  read(request: ReadRequest, sink: UsageSink, signal: AbortSignal): Promise<void>;
}
