import type { MetricsProvider, ReadRequest, UsageSink } from '../../operator/metrics/reading.js';

/** A workload of which next to nothing is used: what is recommended is what a policy has as its least. */
export interface IdleWorkload {
  readonly namespace: string;
  readonly name: string;
  /** @default app */
  readonly containers?: readonly string[];
}

const EVERY_SECONDS = 15;
const CORES = 0.001;
const BYTES = 2 ** 20;

/** Has always seen the same usage of a pod of each Deployment: policies alone decide what is recommended. */
export function steadyUsage(workloads: readonly IdleWorkload[]): MetricsProvider {
  return {
    name: 'custom',
    intervalMs: 5_000,
    looksBack: true,
    settled: (now) => Math.floor(now / 1000 / EVERY_SECONDS) * EVERY_SECONDS,
    read: (request, sink) => {
      for (const workload of workloads) handOver(workload, request, sink);
      return Promise.resolve();
    },
  };
}

function handOver(
  { namespace, name, containers = ['app'] }: IdleWorkload,
  request: ReadRequest,
  sink: UsageSink,
): void {
  const pod = `${name}-before`;
  sink.owner(namespace, pod, { kind: 'Deployment', name });
  for (const container of containers) {
    const of = { namespace, pod, container };
    const [cpu, memory] = [sink.series({ ...of, metric: 'cpu' }), sink.series({ ...of, metric: 'memory' })];
    for (
      let at = (Math.floor(request.from / EVERY_SECONDS) + 1) * EVERY_SECONDS;
      at <= request.to;
      at += EVERY_SECONDS
    ) {
      cpu?.(at, CORES);
      memory?.(at, BYTES);
    }
  }
}
