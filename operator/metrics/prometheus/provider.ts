import type { PodSeries } from 'optipod/lib/usage';
import { createEndpoint } from '../endpoint/endpoint.js';
import type { MetricsProvider } from '../provider.js';
import { queryRange } from './api.js';
import { queriesOf } from './queries.js';

export interface PrometheusOptions {
  /** Base URL, with a path prefix if there is one. */
  readonly url: string;
  /** Over which CPU rates are taken. */
  readonly rateWindowMs: number;
  /** Between two samples. */
  readonly stepMs: number;
  /** How long scraped samples may take to arrive. */
  readonly settleMs: number;
  /** For one query. */
  readonly timeoutMs: number;
}

/** Prometheus refuses range queries of more than 11,000 points a series. */
const MOST_POINTS = 10_000;

/** As kubelets call them. */
const NAMES = {
  cpu: 'container_cpu_usage_seconds_total',
  memory: 'container_memory_working_set_bytes',
  periods: 'container_cpu_cfs_periods_total',
  throttledPeriods: 'container_cpu_cfs_throttled_periods_total',
  podOwner: 'kube_pod_owner',
  replicaSetOwner: 'kube_replicaset_owner',
  namespaceLabel: 'namespace',
  podLabel: 'pod',
  containerLabel: 'container',
};

/** Usage as cAdvisor's series in Prometheus tell it: two range queries a request, whatever the number of workloads. */
export function prometheusProvider(options: PrometheusOptions): MetricsProvider {
  const baseStep = Math.max(1, Math.round(options.stepMs / 1000));
  // Two for each policy that is evaluated at a time: one whose queries hang must not hold up the others.
  const { url, timeoutMs } = options;
  const endpoint = createEndpoint({ title: 'Prometheus', url, timeoutMs, concurrency: 8 });
  return {
    settled: (now) => Math.floor((now - options.settleMs) / 1000 / baseStep) * baseStep,

    async usage({ namespaces, from, to }, signal) {
      const step = Math.max(baseStep, Math.ceil((to - from) / MOST_POINTS));
      const queries = queriesOf(NAMES, namespaces);
      const read = async (resource: PodSeries['resource'], query: string): Promise<PodSeries[]> => {
        const found: PodSeries[] = [];
        const range = { query, start: from, end: to, step };
        await queryRange(
          endpoint,
          range,
          ({ namespace = '', pod = '', container = '' }) => {
            const samples: [number, number][] = [];
            found.push({ namespace, pod, container, resource, samples });
            return (at, value) => samples.push([at, value]);
          },
          signal,
        );
        return found;
      };
      const [cpu, memory] = await Promise.all([
        read('cpu', queries.cpu(Math.round(options.rateWindowMs / 1000))),
        read('memory', queries.memory(step)),
      ]);
      return [...cpu, ...memory];
    },
  };
}
