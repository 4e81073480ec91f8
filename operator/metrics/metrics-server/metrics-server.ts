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
 * Usage as metrics-server has it now: one list of the whole cluster (it knows no pages) for each reading. What is new in a list
 * counts at one instant, and once, however often it is told.
 */
export function createMetricsServerProvider({ client, intervalMs }: MetricsServerOptions): MetricsProvider {
  /** The last instant that was told of each pod, in seconds since 1970. */
  let told = new Map<string, number>();

  /**
   * Whether a pod's usage was not counted before. A node's clock may be wrong: of a pod that was seen before, a new reading was
   * made since the last look, whatever its clock says. Of one that was not, an old one may have counted before this process
   * began.
   */
  function isNew({ key, timestamp }: Told, { from }: ReadRequest): boolean {
    const before = told.get(key);
    return before === undefined ? timestamp > from : timestamp !== before;
  }

  return {
    name: 'metrics-server',
    intervalMs,
    looksBack: false,
    settled: (now) => Math.floor(now / 1000),
    async read(request, sink, signal) {
      const list = (await listPods(client, signal)).map(toldOf).filter(({ timestamp }) => !Number.isNaN(timestamp));
      const wanted = request.namespaces && new Set(request.namespaces);
      const at = instantOf(list, request);
      for (const one of list) {
        const { namespace = '' } = one.pod.metadata;
        if (isNew(one, request) && (!wanted || wanted.has(namespace))) handOver(one.pod, at, sink);
      }
      told = new Map(list.map(({ key, timestamp }) => [key, timestamp]));
    },
  };
}

/** A pod's usage, and when it was read by its node's clock: in whole seconds since 1970, NaN where that is not said. */
interface Told {
  readonly key: string;
  readonly timestamp: number;
  readonly pod: PodMetrics;
}

function toldOf(pod: PodMetrics): Told {
  const { namespace = '', name } = pod.metadata;
  return { key: `${namespace}/${name}`, timestamp: Math.floor(Date.parse(pod.timestamp) / 1000), pod };
}

/**
 * The instant of a list. Each of its pods was read at a second of its own: were those the instants, one look at ten pods would
 * count as ten, and minSamplesRequired and what history covers would be reached at once. The newest of them stands for all,
 * since it is the same for whoever gets the list again, also another process: what was kept of it counts once. Of wrong clocks
 * alone, when it was asked for.
 */
function instantOf(list: readonly Told[], { from, to }: ReadRequest): number {
  let newest = Number.NEGATIVE_INFINITY;
  for (const { timestamp } of list) if (timestamp > from && timestamp <= to && timestamp > newest) newest = timestamp;
  return newest === Number.NEGATIVE_INFINITY ? to : newest;
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
      sink.samples({ namespace, pod, container, metric }, { instants: [at], values: [amount] });
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
