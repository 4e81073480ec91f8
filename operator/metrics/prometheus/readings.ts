import type { ContainerRef } from '../reading.js';
import { countOf, type Steps } from './chunks.js';

/** At which instants of a chunk containers had a reading of memory. */
export interface Readings {
  /** Who notes one container's: looked up once, for there are hundreds of samples of each. */
  noting(of: ContainerRef): (at: number) => void;
  /** Whether a rate of CPU up to this instant says something new about the container. */
  allow(of: ContainerRef): (at: number) => boolean;
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
  function marksOf(key: string): Uint8Array {
    let marks = seen.get(key);
    if (!marks) seen.set(key, (marks = new Uint8Array(steps)));
    return marks;
  }
  return {
    noting(of) {
      // Found by the first reading: where nothing is known of anybody, rates are taken as they are.
      let marks: Uint8Array | undefined;
      return (at) => {
        marks ??= marksOf(keyOf(of));
        marks[indexOf(at)] = 1;
      };
    },
    allow(of) {
      if (seen.size === 0) return () => true;
      const marks = seen.get(keyOf(of));
      return (at) => marks?.[indexOf(at)] === 1;
    },
  };
}

function keyOf({ namespace, pod, container }: ContainerRef): string {
  return `${namespace}/${pod}/${container}`;
}
