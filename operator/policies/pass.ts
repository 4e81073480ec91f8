import { setImmediate as turnOfLoop } from 'node:timers/promises';
import type { ConditionNow, Patchable } from 'optipod/kube';
import {
  boundsAdvice,
  type ClusterConstraints,
  type ClusterHold,
  type RecommendationSettings,
} from 'optipod/lib/recommend';
import type { Logger } from 'pino';
import type { DisruptionGate } from '../applying/guards/gate.js';
import { type Cluster, type ValidPolicy } from '../cluster.js';
import type { EventRecorder } from '../runtime/index.js';
import type { UsageSources } from '../usage/usage.js';
import type { WorkloadWriters } from '../workloads/annotate.js';
import type { RecommendationAccess } from '../workloads/recommendation.js';
import type { Turns } from '../workloads/turns.js';
import { workloadKey, type Workload } from '../workloads/workload.js';
import {
  annotated,
  applying,
  boundsDecide,
  metricsAvailable,
  permitted,
  ready,
  uncontested,
  workloadsMatched,
  type Permissions,
} from './conditions.js';
import type { Coverage } from './coverage.js';
import { recommendTo, type WorkloadOutcome } from './outcome.js';
import { isOutdated } from './outdated.js';
import type { PassReport } from './status.js';
import { readUsage } from './usage.js';

export interface PassContext {
  readonly writers: WorkloadWriters;
  /** Shared with whoever else writes to workloads. */
  readonly turns: Turns;
  readonly statuses: Patchable<unknown>;
  readonly cluster: Cluster;
  readonly coverage: Coverage;
  /** Has a policy evaluated soon: `<namespace>/<name>`. */
  readonly evaluateSoon: (key: string, afterMs?: number) => void;
  readonly usage: Pick<UsageSources, 'collectors' | 'demand'>;
  /** Objects that tell people what is recommended. */
  readonly reports: RecommendationAccess;
  /** What the cluster has to say about what may be recommended. */
  readonly constraintsOf: (workload: Workload) => ClusterConstraints;
  /** What somebody else's hand on the workload holds: autoscalers. */
  readonly holdsOn: (workload: Workload) => readonly ClusterHold[];
  /** The containers whose memory, as it was last written, all pods of the workload have. */
  readonly inEffect: (workload: Workload, policy: ValidPolicy) => ReadonlySet<string>;
  /** Distinct instants of usage there must be, where the policy does not say. */
  readonly minSamples: number;
  readonly recommending: RecommendationSettings;
  readonly webhookReady: () => boolean;
  readonly permissions: Permissions;
  /** How long a workload is left alone whose template somebody else fights for, in milliseconds. */
  readonly conflictHoldoff: number;
  /** Asked before pods are replaced. */
  readonly gate: DisruptionGate;
  readonly event: EventRecorder['event'];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Workloads that are evaluated in one slice of the event loop: some milliseconds. */
const SLICE = 10;

/**
 * One evaluation of one policy: usage, recommendations, what is told of them, annotations. One workload's failure never stops the others.
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
  const usage = await readUsage(policy, governed, context.usage, {
    nowSeconds: Math.floor(context.now() / 1000),
    signal,
  });
  if (usage.failure) log.warn({ reason: usage.failure.reason, problem: usage.failure.message }, 'no usage');
  const outcomes: WorkloadOutcome[] = [];
  for (const [index, workload] of governed.entries()) {
    if (usage.failure) break;
    // Where nothing is written nothing waits, and a thousand workloads would be one slice of the event loop.
    if (index % SLICE === SLICE - 1) await turnOfLoop();
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
    boundsDecide(
      boundsAdvice(
        policy.spec.resourceBounds,
        outcomes.flatMap(({ wanted }) => wanted),
      ),
    ),
    uncontested(outcomes.flatMap(({ contest }) => contest ?? [])),
    annotated(outcomes.flatMap(({ failure }) => failure ?? [])),
  ];
  return {
    conditions: conditions.filter((condition) => condition !== undefined),
    discovered: governed,
    processed: outcomes.filter(({ isRecommended, failure }) => isRecommended && failure === undefined).length,
  };
}
