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
import { policyKey, type ValidPolicy } from '../cluster.js';
import { isAlreadyExists, isConflict, isNotFound, messageOf } from '../runtime/index.js';
import { annotate } from '../workloads/annotate.js';
import { gradualOf, standingReport, tell } from '../workloads/recommendation.js';
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
  const applying = before?.spec.workload.uid === workload.metadata.uid ? before.status?.applying : undefined;
  const suspension = suspensionAt(applying, workload.template, now);
  const result = recommendWorkload({
    policy: acting,
    workload,
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
  try {
    // Told before it is written: it is there that a gradual decrease remembers its steps.
    const report = reportOf({ policy: acting, workload, result, application, before, applying, now });
    await tell(reports, before, report);
    const { lastApplied } = report.status;
    const fresh = freshRecommendations(result);
    const said = annotationsFor({ policy: acting, workload, fresh, lastApplied });
    const written = await annotate(writers, workload, said);
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

/** The policy's own number is for the metrics server; every other provider goes by the operator's. */
function minSamples({ spec }: ValidPolicy, { minSamples: standard }: PassContext): number {
  const { provider, metricsServer } = spec.metricsConfig;
  return provider === 'metrics-server' ? (metricsServer?.minSamplesRequired ?? standard) : standard;
}
