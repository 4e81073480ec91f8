import { RATE_SECONDS, STEP_SECONDS, WINDOW_SECONDS } from './objects.js';

/** Usage as the demo finds it by itself, by queries and arithmetic of its own: OptiPod has no part in it. */
export interface SeenUsage {
  /** Cores, bytes. */
  readonly cpu: number;
  readonly memory: number;
}

/** P90 of the usage of the demo's container over the policy's window, up to the instant that the operator recorded. */
export async function usageAt(prometheus: string, at: string): Promise<SeenUsage> {
  const series = 'namespace="shop",pod=~"burner-.+",container="load"';
  return {
    cpu: p90(
      await samples(prometheus, at, `rate(container_cpu_usage_seconds_total{${series}}[${String(RATE_SECONDS)}s])`),
    ),
    memory: p90(await samples(prometheus, at, `container_memory_working_set_bytes{${series}}`)),
  };
}

/** All samples of the window, of all pods: an instant query of a subquery. */
async function samples(prometheus: string, at: string, expression: string): Promise<number[]> {
  const query = `(max by (pod) (${expression}))[${String(WINDOW_SECONDS)}s:${String(STEP_SECONDS)}s]`;
  const url = new URL('/api/v1/query', prometheus);
  url.search = new URLSearchParams({ query, time: String(Date.parse(at) / 1000) }).toString();
  const answer = (await (await fetch(url)).json()) as { data: { result: { values: [number, string][] }[] } };
  return answer.data.result.flatMap(({ values }) => values.map(([, value]) => Number(value)));
}

/** Nine tenths of the way through the sorted samples, in between where there is none. */
function p90(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  const place = 0.9 * (sorted.length - 1);
  const [low = Number.NaN, high = low] = sorted.slice(Math.floor(place), Math.floor(place) + 2);
  return low + (high - low) * (place % 1);
}
