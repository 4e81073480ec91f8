import { parseQuantity, quantityToNumber } from 'optipod/kube';
import { RESOURCE_NAMES } from 'optipod/lib/api';
import { PodMetricsKind, type PodMetrics } from 'optipod/lib/optipod';
import { ApiError, ConnectionError, type KubeClient } from '../../runtime/index.js';
import { ProviderError } from '../provider.js';
import type { MetricsProvider, ReadRequest, UsageSink } from '../reading.js';

export interface MetricsServerOptions {
  readonly client: Pick<KubeClient, 'list'>;
  /** Between two readings. */
  readonly intervalMs: number;
}

/**
 * Usage as metrics-server has it now: one list of the whole cluster (it knows no pages) for each reading. A pod's usage counts
 * at the instant that metrics-server says it was read, and once, however often it is told.
 */
export function createMetricsServerProvider({ client, intervalMs }: MetricsServerOptions): MetricsProvider {
  /** The last instant that was told of each pod, in seconds since 1970. */
  let told = new Map<string, number>();

  /**
   * When a reading counts; undefined where it was counted before. A node's clock may be wrong: of a pod that was seen before,
   * a new reading was made since the last look, whatever its clock says. Of one that was not, an old one may have counted
   * before this process began.
   */
  function instantOf(key: string, timestamp: number, { from, to }: ReadRequest): number | undefined {
    const before = told.get(key);
    if (timestamp === before) return undefined;
    if (timestamp > from && timestamp <= to) return timestamp;
    return before === undefined && timestamp <= from ? undefined : to;
  }

  return {
    name: 'metrics-server',
    intervalMs,
    looksBack: false,
    settled: (now) => Math.floor(now / 1000),
    async read(request, sink, signal) {
      const pods = await listPods(client, signal);
      const wanted = request.namespaces && new Set(request.namespaces);
      const now = new Map<string, number>();
      for (const pod of pods) {
        const { namespace = '', name } = pod.metadata;
        const timestamp = Math.floor(Date.parse(pod.timestamp) / 1000);
        if (Number.isNaN(timestamp)) continue;
        const key = `${namespace}/${name}`;
        const at = instantOf(key, timestamp, request);
        now.set(key, timestamp);
        if (at !== undefined && (!wanted || wanted.has(namespace))) handOver(pod, at, sink);
      }
      told = now;
    },
  };
}

function handOver(
  { metadata: { namespace = '', name: pod }, containers }: PodMetrics,
  at: number,
  sink: UsageSink,
): void {
  for (const { name: container, usage } of containers) {
    for (const metric of RESOURCE_NAMES) {
      const amount = amountOf(usage[metric]);
      // No container runs without memory: there is no reading yet.
      if (amount === undefined || amount < 0 || (metric === 'memory' && amount === 0)) continue;
      sink.series({ namespace, pod, container, metric })?.(at, amount);
    }
  }
}

function amountOf(text: string | undefined): number | undefined {
  const quantity = text === undefined ? undefined : parseQuantity(text);
  return quantity && quantityToNumber(quantity);
}

async function listPods(client: Pick<KubeClient, 'list'>, signal: AbortSignal): Promise<readonly PodMetrics[]> {
  try {
    return (await client.list(PodMetricsKind, { signal })).items;
  } catch (error) {
    if (error instanceof ApiError) throw refusal(error);
    if (error instanceof ConnectionError) {
      throw new ProviderError('ProviderUnreachable', `metrics.k8s.io cannot be reached: ${error.message}`, {
        cause: error,
      });
    }
    throw error;
  }
}

function refusal(cause: ApiError): ProviderError {
  if (cause.code === 404) {
    const message = 'kube-apiserver does not serve metrics.k8s.io: metrics-server is not installed';
    return new ProviderError('ProviderNotConfigured', message, { cause });
  }
  // What kube-apiserver itself says for a metrics-server that is registered and does not answer.
  if (cause.code === 503 || cause.code === 504) {
    return new ProviderError('ProviderUnreachable', `metrics-server does not answer: ${cause.message}`, { cause });
  }
  return new ProviderError('ProviderRefused', `metrics.k8s.io cannot be read: ${cause.message}`, { cause });
}
