import type { PodSeries } from 'optipod/lib/usage';
import type { MetricsProvider } from '../provider.js';
import { queryRange } from './api.js';

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

/** Pause containers and the pod's own cgroup have no name, or POD. */
const REAL_CONTAINERS = 'container!="",container!="POD"';

/** Usage as cAdvisor's series in Prometheus tell it: two range queries a request, whatever the number of workloads. */
export function prometheusProvider(options: PrometheusOptions): MetricsProvider {
  const baseStep = Math.max(1, Math.round(options.stepMs / 1000));
  return {
    settled: (now) => Math.floor((now - options.settleMs) / 1000 / baseStep) * baseStep,

    async usage({ namespaces, from, to }, signal) {
      const step = Math.max(baseStep, Math.ceil((to - from) / MOST_POINTS));
      const selector = `{${REAL_CONTAINERS},namespace=~"${namespaces.map(escapeRegExp).join('|')}"}`;
      const read = async (resource: PodSeries['resource'], expression: string): Promise<PodSeries[]> => {
        // Several jobs may scrape the same kubelet: the same reading twice is one reading.
        const query = `max by (namespace, pod, container) (${expression})`;
        const range = { query, start: from, end: to, step };
        const series = await queryRange(options.url, range, { timeoutMs: options.timeoutMs, signal });
        return series.map(({ metric: { namespace = '', pod = '', container = '' }, values }) => ({
          namespace,
          pod,
          container,
          resource,
          samples: values,
        }));
      };
      const rateWindow = `${Math.round(options.rateWindowMs / 1000)}s`;
      const [cpu, memory] = await Promise.all([
        read('cpu', `rate(container_cpu_usage_seconds_total${selector}[${rateWindow}])`),
        read('memory', `container_memory_working_set_bytes${selector}`),
      ]);
      return [...cpu, ...memory];
    },
  };
}

/** For a PromQL string: namespaces are DNS labels, whose dots and hyphens need no escape but in a regular expression. */
function escapeRegExp(text: string): string {
  return text.replace(/[^a-zA-Z0-9-]/g, String.raw`\\$&`);
}
