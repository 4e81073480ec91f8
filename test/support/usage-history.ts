/** What one container of one pod used, as cAdvisor's series tell it. */
export interface ContainerUsage {
  readonly namespace: string;
  readonly pod: string;
  /** Empty for the pod's own cgroup, `POD` for its pause container. */
  readonly container: string;
  /** Cores. One number holds throughout; of a list each is one sample, over and over. */
  readonly cpu?: number | readonly number[];
  /** Bytes, likewise; a NaN is written as one. */
  readonly memory?: number | readonly number[];
  /** From and to how many minutes ago. @default [45, -60]: it goes on while the tests run */
  readonly minutesAgo?: readonly [number, number];
  /** Whether the container restarted half way, its counter at zero again. @default false */
  readonly restarted?: boolean;
  /** Another job scrapes the same kubelet. @default 'kubelet' */
  readonly job?: string;
}

/** Seconds between two samples. */
export const SCRAPE_SECONDS = 15;

/** For `promtool tsdb create-blocks-from openmetrics`. @param now seconds since 1970 */
export function openMetrics(usage: readonly ContainerUsage[], now: number): string {
  const cpu = usage.flatMap((one) => (one.cpu === undefined ? [] : counter(one, one.cpu, now)));
  const memory = usage.flatMap((one) => (one.memory === undefined ? [] : gauge(one, one.memory, now)));
  return [
    '# TYPE container_cpu_usage_seconds counter',
    ...cpu,
    '# TYPE container_memory_working_set_bytes gauge',
    ...memory,
    '# EOF\n',
  ].join('\n');
}

function counter(one: ContainerUsage, cores: number | readonly number[], now: number): string[] {
  const name = `container_cpu_usage_seconds_total${labels(one)}`;
  const at = instants(one, now);
  let total = 0;
  return at.map((instant, index) => {
    total = one.restarted === true && index === at.length >> 1 ? 0 : total + valueAt(cores, index) * SCRAPE_SECONDS;
    return `${name} ${total} ${instant}`;
  });
}

function gauge(one: ContainerUsage, bytes: number | readonly number[], now: number): string[] {
  const name = `container_memory_working_set_bytes${labels(one)}`;
  return instants(one, now).map((instant, index) => `${name} ${valueAt(bytes, index)} ${instant}`);
}

function instants({ minutesAgo: [from, to] = [45, -60] }: ContainerUsage, now: number): number[] {
  const first = Math.ceil((now - from * 60) / SCRAPE_SECONDS) * SCRAPE_SECONDS;
  const count = Math.floor((now - to * 60 - first) / SCRAPE_SECONDS) + 1;
  return Array.from({ length: count }, (_, index) => first + index * SCRAPE_SECONDS);
}

function valueAt(values: number | readonly number[], index: number): number {
  return typeof values === 'number' ? values : (values[index % values.length] ?? Number.NaN);
}

function labels({ namespace, pod, container, job = 'kubelet' }: ContainerUsage): string {
  return `{job="${job}",namespace="${namespace}",pod="${pod}",container="${container}"}`;
}
