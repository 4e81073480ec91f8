import type { ContainerResources } from 'optipod/lib/api';
import {
  annotationsFor,
  formatInstant,
  freshRecommendations,
  hasRecommendation,
  holdOf,
  holdsOf,
  recommendWorkload,
  reportOf,
  wantedAmounts,
  withoutSteps,
  type Hold,
  type WantedAmount,
} from 'optipod/lib/recommend';
import type { Logger } from 'pino';
import { applyTemplate, type TemplateOutcome } from '../applying/template/apply.js';
import { lookAt, type Standing } from '../applying/template/standing.js';
import { policyKey, type ValidPolicy } from '../cluster.js';
import { isAlreadyExists, isConflict, isNotFound, messageOf } from '../runtime/index.js';
import { annotate } from '../workloads/annotate.js';
import { standingReport, tell } from '../workloads/recommendation.js';
import { workloadKey, type Workload } from '../workloads/workload.js';
import { applicationOf } from './application.js';
import type { PassContext } from './pass.js';
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
  /** Who fights for its template, and what to change. */
  readonly contest?: string;
}

/** @returns undefined where the workload is gone, or another policy's by now. */
export async function recommendTo(
  found: Workload,
  policy: ValidPolicy,
  usage: UsageAt,
  context: PassContext,
  log: Logger,
): Promise<WorkloadOutcome | undefined> {
  const key = workloadKey(found);
  // Usage took its time, and so did the writes before this one.
  const workload = context.cluster.workload({ kind: found.kind, ...found.metadata });
  if (!workload || context.cluster.governor(workload)?.metadata.uid !== policy.metadata.uid) return undefined;
  let outcome: WorkloadOutcome = { isRecommended: false, holds: [], wanted: [] };
  try {
    const standing = await lookAt(workload, policy, context);
    const result = resultFor(standing, policy, usage, context);
    const { suspension } = standing;
    outcome = {
      isRecommended: result.containers.some(hasRecommendation),
      holds: holdsOf(result).map(({ reason, message }) => ({ reason, message: `${key}: ${message}` })),
      wanted: wantedAmounts(result),
      ...(suspension?.reason === 'SSAConflict' ? { contest: `${key}: ${suspension.message}` } : {}),
    };
    await write(standing, result, policy, context, log);
    return outcome;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    if (isConflict(error) || isAlreadyExists(error)) {
      // Replaced by a namesake, made or changed meanwhile, or written to by so many at once that kube-apiserver gave up.
      context.evaluateSoon(policyKey(policy));
      return undefined;
    }
    log.error({ workload: key, err: error }, 'could not write what is recommended');
    return { ...outcome, failure: `${key}: ${messageOf(error)}` };
  }
}

type Result = ReturnType<typeof recommendWorkload>;

function resultFor(standing: Standing, policy: ValidPolicy, usage: UsageAt, context: PassContext): Result {
  const { workload, suspension, gradual } = standing;
  return recommendWorkload({
    policy,
    workload,
    usage: usage.of(workload),
    minSamples: minSamples(policy, context),
    now: usage.at,
    settings: context.recommending,
    gradual,
    // Only a gradual decrease waits for what was written before.
    ...(policy.spec.updateStrategy.gradualDecreaseConfig.enabled
      ? { inEffect: context.inEffect(workload, policy) }
      : {}),
    constraints: context.constraintsOf(workload),
    holds: [...(suspension ? [holdOf(suspension)] : []), ...context.holdsOn(workload)],
  });
}

async function write(
  standing: Standing,
  result: Result,
  policy: ValidPolicy,
  context: PassContext,
  log: Logger,
): Promise<void> {
  const { writers, reports, evaluateSoon } = context;
  const { workload, gradual } = standing;
  const now = Math.floor(context.now() / 1000);
  const fresh = freshRecommendations(result);
  // What was last told is read again each time: it may have been told a moment ago.
  const report = (of: Pick<TemplateOutcome, 'applying' | 'application' | 'isThere'>) => {
    const before = standingReport(reports.recommendations, { kind: workload.kind, ...workload.metadata });
    const told = of.isThere ? result : withoutSteps(result, gradual);
    const { application, applying } = of;
    return tell(reports, before, reportOf({ policy, workload, result: told, application, before, applying, now }));
  };
  const done = await applied(standing, fresh.containers, policy, context, report);
  // Told before it is written on the workload: it is there that a gradual decrease remembers its steps.
  await report(done);
  const { at } = done.application;
  const lastApplied = at === undefined ? {} : { lastApplied: formatInstant(at) };
  const written = await annotate(writers, workload, annotationsFor({ policy, workload, fresh, ...lastApplied }));
  if (written) {
    const key = workloadKey(workload);
    log.info({ workload: key, recommended: Object.fromEntries(fresh.containers) }, 'annotated');
  }
  if (done.retryAfterMs !== undefined) evaluateSoon(policyKey(policy), done.retryAfterMs);
}

/** What becomes of what is recommended: the webhook gives it to pods that come, or the template gets it now. */
async function applied(
  { workload, way, suspension, applying }: Standing,
  fresh: ContainerResources,
  policy: ValidPolicy,
  context: PassContext,
  report: (of: Pick<TemplateOutcome, 'applying' | 'application' | 'isThere'>) => Promise<boolean>,
): Promise<TemplateOutcome> {
  if (way === 'unchanged') {
    const application = applicationOf(policy, workload, context.cluster, context.webhookReady());
    return { application, applying, isThere: true };
  }
  const application = { applied: false, reason: 'Applying', message: 'it is being written to the template' };
  const remember = async (memory: typeof applying) => {
    await report({ application, applying: memory, isThere: false });
  };
  return applyTemplate({ workload, policy, by: way, fresh, suspension, applying, remember }, context);
}

/** The policy's own number is for the metrics server; every other provider goes by the operator's. */
function minSamples({ spec }: ValidPolicy, { minSamples: standard }: PassContext): number {
  const { provider, metricsServer } = spec.metricsConfig;
  return provider === 'metrics-server' ? (metricsServer?.minSamplesRequired ?? standard) : standard;
}
