import { RATE_SECONDS, STEP_SECONDS, WINDOW_SECONDS } from './objects.js';

/** Usage as the demo finds it by itself, by queries and arithmetic of its own: OptiPod has no part in it. */
export interface SeenUsage {
  /** P90 over the policy's window: cores, bytes. */
  readonly cpu: number;
  readonly memory: number;
  /** The highest working set there ever was: bytes. */
  readonly memoryPeak: number;
}

const SERIES = '{namespace="shop",pod=~"burner-.+",container="load"}';
/** The highest of each step, of which every sample is in one: both ends of a range count before Prometheus 3. */
const MEMORY = `max_over_time(container_memory_working_set_bytes${SERIES}[${String(STEP_SECONDS * 1000 - 1)}ms])`;
const CPU = `rate(container_cpu_usage_seconds_total${SERIES}[${String(RATE_SECONDS)}s])`;

/** What all pods of the demo used up to the instants when the operator made its numbers. */
export async function usageAt(
  prometheus: string,
  made: { readonly cpu: string; readonly memory: string },
): Promise<SeenUsage> {
  // A rate goes on for its whole range after a container's last reading, falling towards zero: memory does not.
  const cores = await samples(prometheus, made.cpu, `max by (pod) (${CPU}) and max by (pod) (${MEMORY})`);
  const bytes = await samples(prometheus, made.memory, `max by (pod) (${MEMORY})`);
  // All there is began with the demo, within the window.
  return { cpu: p90(cores), memory: p90(bytes), memoryPeak: Math.max(...bytes) };
}

/** All samples of the window, of all pods: an instant query of a subquery. */
async function samples(prometheus: string, at: string, expression: string): Promise<number[]> {
  const query = `(${expression})[${String(WINDOW_SECONDS)}s:${String(STEP_SECONDS)}s]`;
  const url = new URL('/api/v1/query', prometheus);
  url.search = new URLSearchParams({ query, time: String(Date.parse(at) / 1000) }).toString();
  const answer = (await (await fetch(url)).json()) as { data: { result: { values: [number, string][] }[] } };
  return answer.data.result.flatMap(({ values }) => values.map(([, value]) => Number(value)));
}

/** Nine tenths of the way through the sorted samples, in between where there is none. */
export function p90(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = 0.9 * (sorted.length - 1);
  const [low = Number.NaN, high = low] = sorted.slice(Math.floor(place), Math.floor(place) + 2);
  return low + (high - low) * (place % 1);
}
