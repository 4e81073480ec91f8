/** Usage of one resource of one container in one pod, as a metrics provider read it. */
export interface PodSeries {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly resource: 'cpu' | 'memory';
  /** [seconds since 1970, cores or bytes], in any order; NaN and infinities may be among them. */
  readonly samples: readonly (readonly [number, number])[];
}

/** The pooled samples of one resource of one container, over all pods of its workload. */
export interface Usage {
  /** Cores or bytes, ascending. */
  readonly samples: Float64Array;
  /** How many distinct instants they come from. */
  readonly instants: number;
  /** Seconds since 1970 of the first and the last instant. */
  readonly from: number;
  readonly to: number;
}

/**
 * Pools series of the same container and resource. What is not finite or below zero is left out; of two values for the same
 * pod and instant (two scrapers) the higher one counts, once.
 * @returns undefined where no sample is left.
 */
export function pool(series: readonly PodSeries[]): Usage | undefined {
  const byPod = new Map<string, Map<number, number>>();
  for (const { namespace, pod, samples } of series) {
    const key = `${namespace}/${pod}`;
    const readings = byPod.get(key) ?? new Map<number, number>();
    byPod.set(key, readings);
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
  return { samples: Float64Array.from(values).sort(), instants: instants.size, from, to };
}
