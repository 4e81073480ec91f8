import { backTo } from 'optipod/lib/apply';
import {
  annotationsFor,
  freshRecommendations,
  hasRecommendation,
  holdOf,
  holdsOf,
  recommendWorkload,
  reportOf,
  suspensionAt,
  wantedAmounts,
  type Hold,
  type WantedAmount,
} from 'optipod/lib/recommend';
import type { Logger } from 'pino';
import { goneBack } from '../applying/rollback/gone-back.js';
import { policyKey, type ValidPolicy } from '../cluster.js';
import { isAlreadyExists, isConflict, isNotFound, messageOf } from '../runtime/index.js';
import { annotate } from '../workloads/annotate.js';
import { gradualOf, standingReport, tell, type Told } from '../workloads/recommendation.js';
import { workloadKey, type Workload } from '../workloads/workload.js';
import { applicationOf } from './application.js';
import { policyInEffect } from './in-effect.js';
import { applyingNow, type PassContext } from './pass.js';
import type { UsageAt } from './usage.js';

/** What came of one workload. */
export interface WorkloadOutcome {
  /** Whether there is a recommendation for something in it. */
  readonly isRecommended: boolean;
  readonly holds: readonly Hold[];
  /** What usage asks for, before any bound. */
  readonly wanted: readonly WantedAmount[];
  /** Why what is recommended could not be written. */
  readonly failure?: string;
}

/** @returns undefined where the workload is gone, or another policy's by now. */
export async function recommendTo(
  found: Workload,
  policy: ValidPolicy,
  usage: UsageAt,
  context: PassContext,
  log: Logger,
): Promise<WorkloadOutcome | undefined> {
  const { writers, cluster, reports } = context;
  const key = workloadKey(found);
  // Usage took its time, and so did the writes before this one.
  const workload = cluster.workload({ kind: found.kind, ...found.metadata });
  if (!workload || cluster.governor(workload)?.metadata.uid !== policy.metadata.uid) return undefined;
  const before = standingReport(reports.recommendations, { kind: workload.kind, ...workload.metadata });
  const now = Math.floor(context.now() / 1000);
  const acting = policyInEffect(policy, context.stop());
  const { judged, suspension, shown } = judgement(workload, acting, before, now, context);
  const result = recommendWorkload({
    policy: acting,
    workload: shown,
    usage: usage.of(workload),
    minSamples: minSamples(policy, context),
    now: usage.at,
    settings: context.recommending,
    gradual: gradualOf(before, workload),
    // Only a gradual decrease waits for what was written before.
    ...(policy.spec.updateStrategy.gradualDecreaseConfig.enabled ? { inEffect: context.inEffect(workload) } : {}),
    constraints: context.constraintsOf(workload),
    holds: [...(suspension ? [holdOf(suspension)] : []), ...context.holdsOn(workload)],
  });
  const outcome = {
    isRecommended: result.containers.some(hasRecommendation),
    holds: holdsOf(result).map(({ reason, message }) => ({ reason, message: `${key}: ${message}` })),
    wanted: wantedAmounts(result),
  };
  const application = applicationOf(policy, workload, applyingNow(context), context.ofPods(key));
  const fresh = freshRecommendations(result);
  const saying = (lastApplied?: string) => annotationsFor({ policy: acting, workload: shown, fresh, lastApplied });
  const isApplied = acting.spec.mode === 'Auto' && !suspension;
  const applying = isApplied ? context.rollback.remember(workload, judged, saying(), now) : judged;
  try {
    // Told before it is written: it is there that a gradual decrease remembers its steps.
    const report = reportOf({ policy: acting, workload, result, application, before, applying, now });
    await tell(reports, before, report);
    const written = await annotate(writers, workload, saying(report.status.lastApplied));
    if (written) log.info({ workload: key, recommended: Object.fromEntries(fresh.containers) }, 'annotated');
    return outcome;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (isConflict(error) || isAlreadyExists(error)) {
      // Replaced by a namesake, made meanwhile, or written to by so many at once that kube-apiserver gave up.
      context.evaluateSoon(policyKey(policy));
      return undefined;
    }
    log.error({ workload: key, err: error }, 'could not write what is recommended');
    return { ...outcome, failure: `${key}: ${messageOf(error)}` };
  }
}

/** What is remembered of a workload, what that holds, and the workload as it is once it has gone back to what it had. */
function judgement(
  workload: Workload,
  acting: ValidPolicy,
  before: Told | undefined,
  now: number,
  { rollback }: PassContext,
) {
  const known = before?.spec.workload.uid === workload.metadata.uid ? before.status?.applying : undefined;
  const judged = acting.spec.mode === 'Auto' ? rollback.judge(workload, before, now) : known;
  // One for a regression outlives what an apply or a restart of ours does to the template.
  const suspension = suspensionAt(judged, workload.template, now) ?? suspensionAt(judged, workload.content, now);
  const back = backTo(judged, suspension);
  return { judged, suspension, shown: back ? goneBack(workload, acting, back, now) : workload };
}

/** The policy's own number is for the metrics server; every other provider goes by the operator's. */
function minSamples({ spec }: ValidPolicy, { minSamples: standard }: PassContext): number {
  const { provider, metricsServer } = spec.metricsConfig;
  return provider === 'metrics-server' ? (metricsServer?.minSamplesRequired ?? standard) : standard;
}
