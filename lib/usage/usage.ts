/** Usage of one resource of one container over a window: the samples of all its workload's pods together. */
export interface Usage {
  /** How many samples there are; at least one. */
  readonly samples: number;
  /** How many distinct instants they come from. */
  readonly instants: number;
  /** Seconds since 1970 of the first and the last instant. */
  readonly from: number;
  readonly to: number;
  /** The highest sample: cores or bytes. */
  readonly max: number;
  /**
   * By linear interpolation at p(n-1), exactly while samples are few and within 1 % always.
   * @param p from 0 to 1
   * @returns cores or bytes
   */
  percentile(p: number): number;
  /** The pods whose own percentile is at least so many times the pool's, the highest first. */
  podsAbove(p: number, times: number): readonly PodPercentile[];
}

/** One pod's own percentile: cores or bytes. */
export interface PodPercentile {
  readonly pod: string;
  readonly value: number;
}

/** All that is known of one container's usage within a window. What is absent was not seen. */
export interface ContainerUsage {
  readonly cpu?: Usage;
  readonly memory?: Usage;
  /** The highest working set that is remembered, longer than the window reaches. */
  readonly memoryPeak?: { readonly bytes: number; readonly at: number };
  /** The largest amount that one of its containers was killed at for want of memory, within what is remembered. */
  readonly oomKill?: OomKill;
  /** Share of the CFS periods within the window in which it was throttled, from 0 to 1. */
  readonly throttledShare?: number;
}

/** A container was killed for want of memory. */
export interface OomKill {
  readonly pod: string;
  /** Seconds since 1970. */
  readonly at: number;
  /** What it had when it was killed: its limit, or where it had none, the most it was seen to use or its request. */
  readonly bytes: number;
}
