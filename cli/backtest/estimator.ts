import type { ResourceName } from '../../lib/api/index.js';
import type { Sample } from './trace.js';

/** What a container would have requested: cores, bytes. What is absent is not recommended: what stood before stands. */
export type Requests = Readonly<Partial<Record<ResourceName, number>>>;

/** A way to come from past usage to requests. */
export interface Estimator {
  readonly name: string;
  /** Begins with one workload, of which nothing is known yet. */
  start(): Estimation;
}

/** An estimator on its way through one workload's usage. It is told of samples in order of time, and asked in between. */
export interface Estimation {
  observe(sample: Sample): void;
  /** @param at seconds since 1970; everything up to it was observed, and nothing later. */
  recommend(at: number): Requests;
}
