import type { ContainerRef } from '../reading.js';
import type { SampleRun } from '../sample-run.js';
import { countOf, type Steps } from './chunks.js';

/** At which instants of a chunk containers had a reading of memory. */
export interface Readings {
  /** There were these of one container. */
  note(of: ContainerRef, memory: SampleRun): void;
  /** Leaves those rates of CPU that say something new about the container. */
  retain(of: ContainerRef, rates: SampleRun): void;
}

/**
 * A rate over five minutes is there at every step, also where the container is scraped every two minutes, and for minutes
 * after its last reading; those would count as readings of their own, the last ones ever lower. Memory comes from the same
 * scrapes, and shows at which steps there was one. Where no memory is known of anybody, rates are taken as they are.
 */
export function readingsWithin(chunk: Steps): Readings {
  const { start, step } = chunk;
  const steps = countOf(chunk);
  const seen = new Map<string, Uint8Array>();
  const indexOf = (at: number) => Math.round((at - start) / step);
  return {
    note(of, { size, instants }) {
      // Where nothing is known of anybody, rates are taken as they are.
      if (size === 0) return;
      const key = keyOf(of);
      const marks = seen.get(key) ?? new Uint8Array(steps);
      seen.set(key, marks);
      for (const at of instants) marks[indexOf(at)] = 1;
    },
    retain(of, rates) {
      if (seen.size === 0) return;
      const marks = seen.get(keyOf(of));
      const { instants } = rates;
      rates.retain((index) => marks?.[indexOf(instants[index] ?? 0)] === 1);
    },
  };
}

function keyOf({ namespace, pod, container }: ContainerRef): string {
  return `${namespace}/${pod}/${container}`;
}
