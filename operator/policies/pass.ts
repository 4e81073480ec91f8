import { setImmediate as turnOfLoop } from 'node:timers/promises';
import type { ConditionNow, Patchable } from 'optipod/kube';
import type { Stop } from 'optipod/lib/apply';
import {
  boundsAdvice,
  type ClusterConstraints,
  type ClusterHold,
  type RecommendationSettings,
} from 'optipod/lib/recommend';
import type { Logger } from 'pino';
import type { DisruptionGate } from '../applying/guards/gate.js';
import type { PodsApplication } from '../applying/pods/applications.js';
import type { Rollback } from '../applying/rollback/rollback.js';
import { type Cluster, type ValidPolicy } from '../cluster.js';
import { ProviderError } from '../metrics/provider.js';
import type { EventRecorder } from '../runtime/index.js';
import type { AnnotateContext } from '../workloads/annotate.js';
import { standingReport, type RecommendationAccess } from '../workloads/recommendation.js';
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
  type Applying,
  type Permissions,
} from './conditions.js';
import type { Coverage } from './coverage.js';
import { recommendTo, type WorkloadOutcome } from './outcome.js';
import { isOutdated } from './outdated.js';
import type { PassReport } from './status.js';
import { readUsage, type UsageAccess, type UsageAt } from './usage.js';

export interface PassContext extends AnnotateContext {
  /** Shared with whoever else writes to workloads. */
  readonly turns: Turns;
  readonly statuses: Patchable<unknown>;
  readonly cluster: Cluster;
  readonly coverage: Coverage;
  /** Has a policy evaluated soon: `<namespace>/<name>`. */
  readonly evaluateSoon: (key: string, afterMs?: number) => void;
  readonly usage: UsageAccess;
  /** Objects that tell people what is recommended. */
  readonly reports: RecommendationAccess;
  /** What the cluster has to say about what may be recommended. */
  readonly constraintsOf: (workload: Workload) => ClusterConstraints;
  /** What somebody else's hand on the workload holds: autoscalers. */
  readonly holdsOn: (workload: Workload) => readonly ClusterHold[];
  /** What came of a workload's running pods. */
  readonly ofPods: (workload: string) => PodsApplication | undefined;
  /** What became of earlier changes. */
  readonly rollback: Rollback;
  /** The containers whose memory, as it was last written, all pods of the workload have. */
  readonly inEffect: (workload: Workload, policy: ValidPolicy) => ReadonlySet<string>;
  /** Distinct instants of usage there must be, where the policy does not say. */
  readonly minSamples: number;
  readonly recommending: RecommendationSettings;
  readonly webhookReady: () => boolean;
  /** Why nothing is applied, whatever policies say. */
  readonly stop: () => Stop | undefined;
  readonly permissions: Permissions;
  /** How long a workload is left alone whose template somebody else fights for, in milliseconds. */
  readonly conflictHoldoff: number;
  /** Asked before pods are replaced. */
  readonly gate: DisruptionGate;
  readonly event: EventRecorder['event'];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** What decides now whether anything is applied. */
export function applyingNow({ cluster, webhookReady, stop, permissions }: PassContext): Applying {
  return { cluster, webhookReady: webhookReady(), stop: stop(), permissions };
}

/** Workloads that are evaluated in one slice of the event loop: some milliseconds. */
const SLICE = 10;

/** Workloads that are written to at a time: one after the other, a thousand would wait for kube-apiserver for a minute. */
const AT_ONCE = 4;

/**
 * One evaluation of one policy: usage, recommendations, what is told of them, annotations. One workload's failure never stops the others.
 * @returns undefined where the policy was edited or deleted meanwhile: what it said then is nobody's wish any more; and where it
 * waits for usage to be read, for which it is evaluated again
 */
export async function pass(policy: ValidPolicy, context: PassContext, log: Logger): Promise<PassReport | undefined> {
  const { cluster } = context;
  const governed = cluster.governed(policy);
  for (const loser of context.coverage.note(policy, governed)) context.evaluateSoon(loser);
  if (policy.spec.mode === 'Disabled') return { conditions: [ready(policy)], discovered: [], processed: 0 };
  const nowSeconds = Math.floor(context.now() / 1000);
  const { evaluateSoon } = context;
  const usage = readUsage(policy, governed, context.usage, { nowSeconds, evaluateSoon });
  if (!usage) return undefined;
  if (usage.failure instanceof ProviderError) {
    log.warn({ reason: usage.failure.reason, problem: usage.failure.message }, 'no usage');
  }
  const outcomes = usage.failure
    ? await evaluate(regressed(governed, nowSeconds, context), { policy, usage: noUsage(nowSeconds), context, log })
    : await evaluate(governed, { policy, usage, context, log });
  if (!outcomes || isOutdated(policy, cluster)) return undefined;
  const standing = usage.failure ? standingStatus(policy) : undefined;
  const stands = (type: string) => standing?.conditions?.find((condition) => condition.type === type);
  const processed = outcomes.filter(({ isRecommended, failure }) => isRecommended && failure === undefined).length;
  const conditions: (ConditionNow | undefined)[] = [
    ready(policy),
    workloadsMatched(policy, governed),
    metricsAvailable({
      ...(usage.failure ? { failure: usage.failure } : {}),
      workloads: governed.length,
      recommended: outcomes.filter(({ isRecommended }) => isRecommended).length,
      holds: outcomes.flatMap(({ isRecommended, holds }) => (isRecommended ? [] : holds)),
    }),
    applying(policy, governed, applyingNow(context)),
    permitted(policy, context.permissions),
    boundsDecide(
      boundsAdvice(
        policy.spec.resourceBounds,
        outcomes.flatMap(({ wanted }) => wanted),
      ),
    ) ?? stands('BoundsFit'),
    uncontested(outcomes.flatMap(({ contest }) => contest ?? [])) ?? stands('Uncontested'),
    annotated(outcomes.flatMap(({ failure }) => failure ?? [])) ?? stands('Annotated'),
  ];
  return {
    conditions: conditions.filter((condition) => condition !== undefined),
    discovered: governed,
    processed: Math.min(governed.length, standing?.workloadsProcessed ?? processed),
  };
}

/** What was told of a policy that was not edited since: of workloads that are not looked at it still holds. */
function standingStatus({ metadata, status }: ValidPolicy): ValidPolicy['status'] {
  return status?.observedGeneration === metadata.generation ? status : undefined;
}

/** What goes back to what it had, which waits for nobody's usage; what was told of all others stands. */
function regressed(governed: readonly Workload[], nowSeconds: number, { reports, rollback }: PassContext): Workload[] {
  return governed.filter((workload) => {
    const told = standingReport(reports, { kind: workload.kind, ...workload.metadata });
    return rollback.hasRegressed(workload, told, nowSeconds);
  });
}

const noUsage = (at: number): UsageAt => ({ at, of: () => new Map() });

interface Evaluation {
  readonly policy: ValidPolicy;
  readonly usage: UsageAt;
  readonly context: PassContext;
  readonly log: Logger;
}

/** @returns what came of those workloads that are still the policy's; undefined where it was edited or deleted meanwhile */
async function evaluate(
  governed: readonly Workload[],
  { policy, usage, context, log }: Evaluation,
): Promise<readonly WorkloadOutcome[] | undefined> {
  const { cluster, turns } = context;
  const outcomes: (WorkloadOutcome | undefined)[] = [];
  let next = 0;
  let isOver = false;
  let slice: Promise<unknown> = Promise.resolve();
  const work = async (): Promise<boolean> => {
    for (let index = next; index < governed.length && !isOver; index = next) {
      next += 1;
      // Where nothing is written nothing waits, and a thousand workloads would be one slice of the event loop.
      if (index % SLICE === SLICE - 1) slice = turnOfLoop();
      await slice;
      const workload = governed[index];
      if (!workload || isOutdated(policy, cluster)) {
        isOver = true;
        return false;
      }
      outcomes[index] = await turns.take(workloadKey(workload), () =>
        recommendTo(workload, policy, usage, context, log),
      );
    }
    return true;
  };
  const ends = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  const isWhole = ends.every((end) => end.status === 'fulfilled' && end.value);
  return isWhole ? outcomes.filter((outcome) => outcome !== undefined) : undefined;
}
