import { percentile } from './percentile.js';
import type { PodPercentile, Usage } from './usage.js';

/** Usage of one resource of one container in one pod, as a metrics provider read it. */
export interface PodSeries {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly resource: 'cpu' | 'memory';
  /** [seconds since 1970, cores or bytes], in any order; NaN and infinities may be among them. */
  readonly samples: readonly (readonly [number, number])[];
}

/**
 * Pools series of the same container and resource, every sample kept. What is not finite or below zero is left out; of two
 * values for the same pod and instant (two scrapers) the higher one counts, once.
 * @returns undefined where no sample is left.
 */
export function pool(series: readonly PodSeries[]): Usage | undefined {
  const byPod = new Map<string, Map<number, number>>();
  for (const { pod, samples } of series) {
    const readings = byPod.get(pod) ?? new Map<number, number>();
    byPod.set(pod, readings);
    for (const [instant, value] of samples) {
      if (!Number.isFinite(value) || value < 0) continue;
      readings.set(instant, Math.max(value, readings.get(instant) ?? 0));
    }
  }
  const instants = new Set<number>();
  const values: number[] = [];
  for (const readings of byPod.values()) {
    for (const [instant, value] of readings) {
      instants.add(instant);
      values.push(value);
    }
  }
  if (values.length === 0) return undefined;
  let from = Infinity;
  let to = -Infinity;
  for (const instant of instants) {
    from = Math.min(from, instant);
    to = Math.max(to, instant);
  }
  const sorted = Float64Array.from(values).sort();
  return {
    samples: sorted.length,
    instants: instants.size,
    from,
    to,
    max: sorted.at(-1) ?? Number.NaN,
    percentile: (p) => percentile(sorted, p),
    podsAbove(p, times) {
      const least = percentile(sorted, p) * times;
      return [...byPod]
        .filter(([, readings]) => readings.size > 0)
        .map(([pod, readings]): PodPercentile => ({
          pod,
          value: percentile(Float64Array.from(readings.values()).sort(), p),
        }))
        .filter(({ value }) => value >= least)
        .sort((a, b) => b.value - a.value);
    },
  };
}
