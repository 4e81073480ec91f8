import type { ContainerResources } from 'optipod/lib/api';
import { authoredMemory, backTo, templateBack } from 'optipod/lib/apply';
import {
  annotationsFor,
  freshRecommendations,
  hasRecommendation,
  holdOf,
  holdsOf,
  minSamplesOf,
  recommendWorkload,
  reportOf,
  wantedAmounts,
  withoutSteps,
  type Hold,
  type WantedAmount,
} from 'optipod/lib/recommend';
import { sameJson } from 'optipod/kube';
import type { Logger } from 'pino';
import { later } from '../applying/guards/cooldown.js';
import { goneBack } from '../applying/rollback/gone-back.js';
import type { Watch } from '../applying/rollback/rollback.js';
import { applyTemplate, type TemplateOutcome } from '../applying/template/apply.js';
import { lookAt, type Standing } from '../applying/template/standing.js';
import { policyKey, type ValidPolicy } from '../cluster.js';
import { isAlreadyExists, isConflict, isNotFound, messageOf } from '../runtime/index.js';
import { annotate } from '../workloads/annotate.js';
import { standingReport, statusOf, tell } from '../workloads/recommendation.js';
import { workloadKey, type Workload } from '../workloads/workload.js';
import { applicationOf } from './application.js';
import { policyInEffect } from './in-effect.js';
import { injectedSince } from './injected-since.js';
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
    const acting = policyInEffect(policy, context.stop());
    const judged = judgedWorkload(await lookAt(workload, acting, context), policy, acting, context);
    const result = resultFor(judged, usage, context);
    const { suspension } = judged;
    outcome = {
      isRecommended: result.containers.some(hasRecommendation),
      holds: holdsOf(result).map(({ reason, message }) => ({ reason, message: `${key}: ${message}` })),
      wanted: wantedAmounts(result),
      ...(suspension?.reason === 'SSAConflict' ? { contest: `${key}: ${suspension.message}` } : {}),
    };
    await write(judged, result, context, log);
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

/** A workload, and the policy as it is and as it is acted on. */
interface Judged extends Standing {
  readonly policy: ValidPolicy;
  readonly acting: ValidPolicy;
  /** As it is once it has gone back to what it had, if it regressed. */
  readonly shown: Workload;
}

function judgedWorkload(
  standing: Standing,
  policy: ValidPolicy,
  acting: ValidPolicy,
  { now }: Pick<PassContext, 'now'>,
): Judged {
  const { workload, applying, suspension } = standing;
  const back = backTo(applying, suspension);
  const shown = back ? goneBack(workload, acting, back, Math.floor(now() / 1000)) : workload;
  return { ...standing, policy, acting, shown };
}

type Result = ReturnType<typeof recommendWorkload>;

function resultFor(judged: Judged, usage: UsageAt, context: PassContext) {
  const { workload, shown, acting, applying, suspension, gradual } = judged;
  return recommendWorkload({
    policy: acting,
    workload: shown,
    usage: usage.of(workload),
    minSamples: minSamplesOf(acting.spec, context.minSamples),
    now: usage.at,
    settings: context.recommending,
    authored: authoredMemory(applying, workload),
    gradual,
    // Only a gradual decrease waits for what was written before.
    ...(acting.spec.updateStrategy.gradualDecreaseConfig.enabled
      ? { inEffect: context.inEffect(workload, acting) }
      : {}),
    constraints: context.constraintsOf(workload),
    holds: [...(suspension ? [holdOf(suspension)] : []), ...context.holdsOn(workload)],
  });
}

async function write(judged: Judged, result: Result, context: PassContext, log: Logger): Promise<void> {
  const { reports, evaluateSoon, rollback, cluster } = context;
  const { workload, way, acting, shown, suspension, gradual } = judged;
  const key = workloadKey(workload);
  const now = Math.floor(context.now() / 1000);
  const fresh = freshRecommendations(result);
  const saying = (lastApplied?: string) => annotationsFor({ policy: acting, workload: shown, fresh, lastApplied });
  // What was last told is read again each time: it may have been told a moment ago.
  const report = async (of: Pick<TemplateOutcome, 'applying' | 'application' | 'isThere'>) => {
    const before = standingReport(reports, { kind: workload.kind, ...workload.metadata });
    const told = of.isThere ? result : withoutSteps(result, gradual);
    const { application, applying } = of;
    const next = reportOf({ policy: acting, workload, result: told, application, before, applying, now });
    await tell(reports, before, next);
    return next.status.lastApplied;
  };
  const watch = rollback.watch(workload, now);
  const done = await applied(judged, result, { ...context, report, watch });
  const isInjected = way === 'unchanged' && acting.spec.mode === 'Auto' && !suspension;
  const said = saying();
  const { injectedSince: told, ...remembered } =
    (isInjected ? watch.injecting(done.applying, said) : done.applying) ?? {};
  const since = injectedSince(workload, { said, told, ofPods: context.ofPods(key), cluster, now });
  const disruption = later(remembered.disruption, context.gate.lastDisruption(workload));
  const applying = {
    ...remembered,
    ...(disruption ? { disruption } : {}),
    ...(since === undefined ? {} : { injectedSince: since }),
  };
  // Told before it is written on the workload: it is there that a gradual decrease remembers its steps.
  const lastApplied = await report({ ...done, applying });
  const written = await annotate(context, workload, saying(lastApplied));
  if (written) log.info({ workload: key, recommended: Object.fromEntries(fresh.containers) }, 'annotated');
  if (done.retryAfterMs !== undefined) evaluateSoon(policyKey(acting), done.retryAfterMs);
}

/** What becomes of what is recommended: the webhook gives it to pods that come, or the template gets it now. */
async function applied(
  { workload, way, policy, acting, suspension, applying }: Judged,
  result: Result,
  context: PassContext & {
    readonly report: (of: Pick<TemplateOutcome, 'applying' | 'application' | 'isThere'>) => Promise<unknown>;
    readonly watch: Watch;
  },
): Promise<TemplateOutcome> {
  const { report, watch, reports } = context;
  if (way === 'unchanged') {
    const ofPods = context.ofPods(workloadKey(workload));
    const application = applicationOf(policy, workload, applyingNow(context), ofPods);
    return { application, applying, isThere: true };
  }
  const application = { applied: false, reason: 'Applying', message: 'it is being written to the template' };
  const remember = async (memory: typeof applying) => {
    await report({ application, applying: memory, isThere: false });
  };
  const request = { workload, policy: acting, by: way, applying, remember };
  const { updateRequestsOnly } = acting.spec.updateStrategy;
  const back = templateBack({ workload, applying, suspension, updateRequestsOnly });
  if (!back) {
    const { containers: fresh } = freshRecommendations(result);
    const begin = (memory: typeof applying, containers: ContainerResources) => watch.writing(memory, containers);
    return applyTemplate({ ...request, fresh, suspension, begin }, context);
  }
  const told = standingReport(reports, { kind: workload.kind, ...workload.metadata });
  // Who is asked whether pods may be replaced reads there why.
  if (!sameJson(statusOf(told, workload)?.applying ?? {}, applying)) await remember(applying);
  const { wanted: fresh, without } = back;
  return applyTemplate({ ...request, fresh, without, suspension: undefined }, context);
}
