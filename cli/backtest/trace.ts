import type { ResourceName } from '../../lib/api/index.js';
import type { PodSeries } from '../../lib/usage/index.js';

/** What one container of one workload used over time; its pods' series are whole and usable (`traceOf`). */
export interface Trace {
  readonly name: string;
  /** In order of time. */
  readonly samples: readonly Sample[];
}

/** One reading of one pod. */
export interface Sample {
  /** Seconds since 1970. */
  readonly at: number;
  readonly resource: ResourceName;
  readonly pod: string;
  /** Cores or bytes. */
  readonly value: number;
}

/**
 * A trace of series as they were recorded, in any order. As in the operator, what is not finite or below zero is left out, and
 * of two values for the same pod and instant the higher one counts, once.
 */
export function traceOf(name: string, series: readonly Pick<PodSeries, 'pod' | 'resource' | 'samples'>[]): Trace {
  const pods = new Map<string, Map<number, Sample>>();
  for (const { pod, resource, samples } of series) {
    const key = `${resource}/${pod}`;
    const readings = pods.get(key) ?? new Map<number, Sample>();
    pods.set(key, readings);
    for (const [at, value] of samples) {
      if (!Number.isFinite(value) || value < 0) continue;
      const before = readings.get(at);
      if (!before || value > before.value) readings.set(at, { at, resource, pod, value });
    }
  }
  const all = [...pods.values()].flatMap((readings) => [...readings.values()]);
  return { name, samples: all.sort((a, b) => a.at - b.at) };
}
