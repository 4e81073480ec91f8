import { durationOf, type ConditionNow } from 'optipod/kube';
import { annotationsFor, type Hold } from 'optipod/lib/recommend';
import type { Logger } from 'pino';
import type { Cluster, ValidPolicy } from '../cluster.js';
import { ProviderError, type MetricsProvider } from '../metrics/provider.js';
import { isConflict, isNotFound, type KubeClient } from '../runtime/index.js';
import { annotate } from '../workloads/annotate.js';
import { workloadKey, type Workload } from '../workloads/workload.js';
import { annotated, applying, metricsAvailable, ready, workloadsMatched, type UsageOutcome } from './conditions.js';
import { recommendWorkload, usageByWorkload, type UsageByWorkload } from './recommendations.js';
import type { PassReport } from './status.js';

export interface PassContext {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  readonly providers: Partial<Record<ValidPolicy['spec']['metricsConfig']['provider'], MetricsProvider>>;
  /** Distinct instants of usage there must be, where the policy does not say. */
  readonly minSamples: number;
  readonly webhookReady: () => boolean;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** One evaluation of one policy: usage, recommendations, annotations. One workload's failure never stops the others. */
export async function pass(
  policy: ValidPolicy,
  context: PassContext,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Logger },
): Promise<PassReport> {
  if (policy.spec.mode === 'Disabled') return { conditions: [ready(policy)], discovered: [], processed: 0 };
  const { client, cluster } = context;
  const governed = cluster.governed(policy);
  const usage = await readUsage(policy, governed, context, signal);
  let recommended = 0;
  const holds: Hold[] = [];
  const failures: string[] = [];
  for (const workload of governed) {
    if (usage.failure) break;
    const key = workloadKey(workload);
    const result = recommendWorkload(policy, workload, usage.series.get(key) ?? [], {
      at: usage.at,
      minSamples: minSamples(policy, context),
    });
    holds.push(...result.holds);
    if (result.fresh.containers.size > 0) recommended += 1;
    try {
      const written = await annotate(client, workload, annotationsFor({ policy, workload, fresh: result.fresh }));
      if (written) log.info({ workload: key, recommended: Object.fromEntries(result.fresh.containers) }, 'annotated');
    } catch (error) {
      // Deleted or replaced in the meantime: its successor has events of its own.
      if (isNotFound(error) || isConflict(error)) continue;
      log.error({ workload: key, err: error }, 'could not annotate');
      failures.push(`${key}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const outcome: UsageOutcome = {
    ...(usage.failure ? { failure: usage.failure } : {}),
    workloads: governed.length,
    recommended,
    holds,
  };
  const conditions: (ConditionNow | undefined)[] = [
    ready(policy),
    workloadsMatched(policy, governed),
    metricsAvailable(outcome),
    applying(policy, governed, cluster, context.webhookReady()),
    annotated(failures),
  ];
  return {
    conditions: conditions.filter((condition) => condition !== undefined),
    discovered: governed,
    processed: recommended - failures.length,
  };
}

const NOT_CONFIGURED = {
  prometheus: 'the operator has no Prometheus: set OPTIPOD_PROMETHEUS_URL',
  'metrics-server': 'this version of OptiPod reads usage from Prometheus only',
  custom: 'this version of OptiPod reads usage from Prometheus only',
} as const;

type UsageRead =
  | { readonly failure: ProviderError }
  | { readonly failure?: undefined; readonly at: number; readonly series: UsageByWorkload };

async function readUsage(
  policy: ValidPolicy,
  governed: readonly Workload[],
  context: PassContext,
  signal: AbortSignal,
): Promise<UsageRead> {
  const { provider: name, rollingWindow } = policy.spec.metricsConfig;
  const provider = context.providers[name];
  if (!provider) {
    return { failure: new ProviderError('ProviderNotConfigured', NOT_CONFIGURED[name]) };
  }
  const at = provider.settled(context.now());
  const namespaces = [...new Set(governed.map(({ metadata }) => metadata.namespace))].sort();
  if (namespaces.length === 0) return { at, series: new Map() };
  try {
    const request = { namespaces, from: at - durationOf(rollingWindow) / 1000, to: at };
    const series = await provider.usage(request, signal);
    const neighbours = namespaces.flatMap((namespace) => context.cluster.workloads(namespace));
    return { at, series: usageByWorkload(series, neighbours) };
  } catch (error) {
    if (error instanceof ProviderError) return { failure: error };
    throw error;
  }
}

/** The policy's own number is for the metrics server; every other provider goes by the operator's. */
function minSamples({ spec }: ValidPolicy, { minSamples: standard }: PassContext): number {
  const { provider, metricsServer } = spec.metricsConfig;
  return provider === 'metrics-server' ? (metricsServer?.minSamplesRequired ?? standard) : standard;
}
