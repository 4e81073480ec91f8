import type { ContainerUsage } from '../../lib/usage/index.js';

/** The highest working set within the last so many seconds, while time goes on. */
export interface SlidingPeak {
  /** In order of time. */
  add(at: number, bytes: number): void;
  /** @returns undefined where nothing is remembered any more */
  peak(at: number): ContainerUsage['memoryPeak'];
}

/** @param length in seconds */
export function slidingPeak(length: number): SlidingPeak {
  // What can still become the highest: later than all that is higher, so descending.
  const candidates: { readonly at: number; readonly bytes: number }[] = [];
  return {
    add(at, bytes) {
      while ((candidates.at(-1)?.bytes ?? Infinity) <= bytes) candidates.pop();
      candidates.push({ at, bytes });
    },
    peak(at) {
      while ((candidates[0]?.at ?? Infinity) < at - length) candidates.shift();
      return candidates[0];
    },
  };
}
