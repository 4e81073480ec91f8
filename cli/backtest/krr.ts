/**
 * The `simple` strategy of KRR (Kubernetes Resource Recommender), as a reference: robusta-dev/krr, robusta_krr/strategies/simple.py,
 * core/abstract/strategies.py and core/runner.py, with their defaults: CPU is the 95th percentile, the highest of the pods',
 * memory the highest working set and 15 % on top, over two weeks, rounded up to 1m and 1Mi, at least 10m and 100Mi.
 */
import type { ResourceName } from '../../lib/api/index.js';
import type { Estimation, Estimator } from './estimator.js';
import { slidingWindow, type SlidingWindow } from './window.js';

const HISTORY_SECONDS = 336 * 3600;
const CPU_PERCENTILE = 0.95;
const MEMORY_BUFFER = 0.15;
/** Of all pods together, for each resource. */
const POINTS_REQUIRED = 100;
const MIN_CORES = 0.01;
const MIN_BYTES = 100 * 1024 * 1024;
const MILLICORE = 1e-3;
const MEBIBYTE = 1024 * 1024;

export const krr: Estimator = { name: 'krr', start: estimation };

function estimation(): Estimation {
  const windows = { cpu: new Map<string, SlidingWindow>(), memory: new Map<string, SlidingWindow>() };

  /** The highest of the pods' values, where there are points enough. */
  const highest = (resource: ResourceName, at: number, percentile: number): number | undefined => {
    const usages = [...windows[resource].values()]
      .map((window) => window.usage(at))
      .filter((usage) => usage !== undefined);
    const points = usages.reduce((sum, { samples }) => sum + samples, 0);
    return points < POINTS_REQUIRED ? undefined : Math.max(...usages.map((usage) => usage.percentile(percentile)));
  };

  return {
    observe(sample) {
      const ofResource = windows[sample.resource];
      const window = ofResource.get(sample.pod) ?? slidingWindow(HISTORY_SECONDS);
      ofResource.set(sample.pod, window);
      window.add(sample);
    },
    recommend(at) {
      const cpu = highest('cpu', at, CPU_PERCENTILE);
      const memory = highest('memory', at, 1);
      return {
        ...(cpu === undefined ? {} : { cpu: Math.max(roundedUp(cpu, MILLICORE), MIN_CORES) }),
        ...(memory === undefined
          ? {}
          : { memory: Math.max(roundedUp(memory * (1 + MEMORY_BUFFER), MEBIBYTE), MIN_BYTES) }),
      };
    },
  };
}

function roundedUp(amount: number, unit: number): number {
  // As a division by what is no whole number, 0.3 / 0.001 would be 300.00000000000006.
  return unit < 1 ? Math.ceil(amount * Math.round(1 / unit)) / Math.round(1 / unit) : Math.ceil(amount / unit) * unit;
}
