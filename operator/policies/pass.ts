import { durationOf, type ConditionNow, type Patchable } from 'optipod/kube';
import { unsupportedProvider } from 'optipod/lib/policy';
import {
  annotationsFor,
  freshRecommendations,
  hasRecommendation,
  holdsOf,
  recommendWorkload,
  type Hold,
  type RecommendationSettings,
} from 'optipod/lib/recommend';
import type { Logger } from 'pino';
import { policyKey, type Cluster, type ValidPolicy } from '../cluster.js';
import { ProviderError, type MetricsProvider } from '../metrics/provider.js';
import { isConflict, isNotFound, messageOf } from '../runtime/index.js';
import { annotate, type WorkloadWriters } from '../workloads/annotate.js';
import type { Turns } from '../workloads/turns.js';
import { workloadKey, type Workload } from '../workloads/workload.js';
import {
  annotated,
  applying,
  metricsAvailable,
  permitted,
  ready,
  workloadsMatched,
  type Permissions,
} from './conditions.js';
import type { Coverage } from './coverage.js';
import { usageByContainer, usageByWorkload, type UsageByWorkload } from './recommendations.js';
import type { PassReport } from './status.js';

export interface PassContext {
  readonly writers: WorkloadWriters;
  /** Shared with whoever else writes to workloads. */
  readonly turns: Turns;
  readonly statuses: Patchable<unknown>;
  readonly cluster: Cluster;
  readonly coverage: Coverage;
  /** Has a policy evaluated soon: `<namespace>/<name>`. */
  readonly evaluateSoon: (key: string) => void;
  readonly providers: Partial<Record<ValidPolicy['spec']['metricsConfig']['provider'], MetricsProvider>>;
  /** Distinct instants of usage there must be, where the policy does not say. */
  readonly minSamples: number;
  readonly recommending: RecommendationSettings;
  readonly webhookReady: () => boolean;
  readonly permissions: Permissions;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * One evaluation of one policy: usage, recommendations, annotations. One workload's failure never stops the others.
 * @returns undefined where the policy was edited or deleted meanwhile: what it said then is nobody's wish any more.
 */
export async function pass(
  policy: ValidPolicy,
  context: PassContext,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Logger },
): Promise<PassReport | undefined> {
  const { cluster } = context;
  const governed = cluster.governed(policy);
  for (const loser of context.coverage.note(policy, governed)) context.evaluateSoon(loser);
  if (policy.spec.mode === 'Disabled') return { conditions: [ready(policy)], discovered: [], processed: 0 };
  const usage = await readUsage(policy, governed, context, signal);
  if (usage.failure) log.warn({ reason: usage.failure.reason, problem: usage.failure.message }, 'no usage');
  const outcomes: WorkloadOutcome[] = [];
  for (const workload of governed) {
    if (usage.failure) break;
    if (isOutdated(policy, cluster)) return undefined;
    const outcome = await context.turns.take(workloadKey(workload), () =>
      recommendTo(workload, policy, usage, context, log),
    );
    if (outcome) outcomes.push(outcome);
  }
  if (isOutdated(policy, cluster)) return undefined;
  const conditions: (ConditionNow | undefined)[] = [
    ready(policy),
    workloadsMatched(policy, governed),
    metricsAvailable({
      ...(usage.failure ? { failure: usage.failure } : {}),
      workloads: governed.length,
      recommended: outcomes.filter(({ isRecommended }) => isRecommended).length,
      holds: outcomes.flatMap(({ isRecommended, holds }) => (isRecommended ? [] : holds)),
    }),
    applying(policy, governed, cluster, context.webhookReady()),
    permitted(policy, context.permissions),
    annotated(outcomes.flatMap(({ failure }) => failure ?? [])),
  ];
  return {
    conditions: conditions.filter((condition) => condition !== undefined),
    discovered: governed,
    processed: outcomes.filter(({ isRecommended, failure }) => isRecommended && failure === undefined).length,
  };
}

/** What came of one workload. */
interface WorkloadOutcome {
  /** Whether there is a recommendation for something in it. */
  readonly isRecommended: boolean;
  readonly holds: readonly Hold[];
  /** Why its annotations could not be written. */
  readonly failure?: string;
}

/** @returns undefined where the workload is gone, or another policy's by now. */
async function recommendTo(
  found: Workload,
  policy: ValidPolicy,
  usage: UsageAt,
  context: PassContext,
  log: Logger,
): Promise<WorkloadOutcome | undefined> {
  const { writers, cluster } = context;
  const key = workloadKey(found);
  // Usage took its time, and so did the writes before this one.
  const workload = cluster.workload({ kind: found.kind, ...found.metadata });
  if (!workload || cluster.governor(workload)?.metadata.uid !== policy.metadata.uid) return undefined;
  const result = recommendWorkload({
    policy,
    workload,
    usage: usageByContainer(usage.series.get(key) ?? []),
    minSamples: minSamples(policy, context),
    now: usage.at,
    settings: context.recommending,
  });
  const fresh = freshRecommendations(result);
  const outcome = {
    isRecommended: result.containers.some(hasRecommendation),
    holds: holdsOf(result).map(({ reason, message }) => ({ reason, message: `${key}: ${message}` })),
  };
  try {
    const written = await annotate(writers, workload, annotationsFor({ policy, workload, fresh }));
    if (written) log.info({ workload: key, recommended: Object.fromEntries(fresh.containers) }, 'annotated');
    return outcome;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (isConflict(error)) {
      // Replaced by a namesake, or written to by so many at once that kube-apiserver gave up.
      context.evaluateSoon(policyKey(policy));
      return undefined;
    }
    log.error({ workload: key, err: error }, 'could not annotate');
    return { ...outcome, failure: `${key}: ${messageOf(error)}` };
  }
}

function isOutdated(policy: ValidPolicy, cluster: Cluster): boolean {
  const now = cluster.policy(policyKey(policy))?.metadata;
  return now?.uid !== policy.metadata.uid || now.generation !== policy.metadata.generation;
}

const NOT_CONFIGURED = 'the operator has no Prometheus: set OPTIPOD_PROMETHEUS_URL';

/** Usage by workload, up to an instant: seconds since 1970. */
interface UsageAt {
  readonly at: number;
  readonly series: UsageByWorkload;
}

type UsageRead = (UsageAt & { readonly failure?: undefined }) | { readonly failure: ProviderError };

async function readUsage(
  policy: ValidPolicy,
  governed: readonly Workload[],
  context: PassContext,
  signal: AbortSignal,
): Promise<UsageRead> {
  const { provider: name, rollingWindow } = policy.spec.metricsConfig;
  const provider = context.providers[name];
  if (!provider) {
    return { failure: new ProviderError('ProviderNotConfigured', unsupportedProvider(policy.spec) ?? NOT_CONFIGURED) };
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
