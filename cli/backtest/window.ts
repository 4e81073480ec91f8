import { percentile, type Usage } from '../../lib/usage/index.js';
import type { Sample } from './trace.js';

/** Usage as numbers come of it. Pods that stand out are in explanations alone; with 20 pods, looking for them is a quarter of the work. */
export type WindowUsage = Omit<Usage, 'podsAbove'>;

/** The samples of the last so many seconds, kept sorted while time goes on: the same usage as pooling them anew each time. */
export interface SlidingWindow {
  /** In order of time. */
  add(sample: Pick<Sample, 'at' | 'value'>): void;
  /**
   * Usage from `at` minus the window's length up to `at`, both included. It is good until the window is used again.
   * @returns undefined where there is no sample
   */
  usage(at: number): WindowUsage | undefined;
}

/** @param length in seconds */
export function slidingWindow(length: number): SlidingWindow {
  const queue: Pick<Sample, 'at' | 'value'>[] = [];
  let head = 0;
  let instants = 0;
  const sorted = sortedValues();

  const forgetBefore = (from: number): void => {
    for (let first = queue[head]; first && first.at < from; first = queue[head]) {
      sorted.remove(first.value);
      head += 1;
      if (queue[head]?.at !== first.at) instants -= 1;
    }
    // What was forgotten is given back once it is the larger part.
    if (head > queue.length / 2) head -= queue.splice(0, head).length;
  };

  return {
    add(sample) {
      if (head === queue.length || queue.at(-1)?.at !== sample.at) instants += 1;
      queue.push(sample);
      sorted.insert(sample.value);
    },
    usage(at) {
      forgetBefore(at - length);
      const [first, last] = [queue[head], queue.at(-1)];
      if (!first || !last) return undefined;
      const values = sorted.values();
      return {
        samples: values.length,
        instants,
        from: first.at,
        to: last.at,
        max: values.at(-1) ?? Number.NaN,
        percentile: (p) => percentile(values, p),
      };
    },
  };
}

/** Numbers in ascending order. Moving memory is so cheap that a tree pays for itself only far beyond a window's samples. */
function sortedValues(): { insert(value: number): void; remove(value: number): void; values(): Float64Array } {
  let store = new Float64Array(512);
  let size = 0;
  /** The index of the first number that is not below a value. */
  const place = (value: number): number => {
    let [low, high] = [0, size];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((store[middle] ?? Infinity) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    insert(value) {
      if (size === store.length) {
        const larger = new Float64Array(size * 2);
        larger.set(store);
        store = larger;
      }
      const at = place(value);
      store.copyWithin(at + 1, at, size);
      store[at] = value;
      size += 1;
    },
    remove(value) {
      const at = place(value);
      store.copyWithin(at, at + 1, size);
      size -= 1;
    },
    values: () => store.subarray(0, size),
  };
}
