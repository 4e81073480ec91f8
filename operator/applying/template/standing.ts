import {
  contested,
  courseOf,
  gradualInTemplate,
  letGo,
  withOwned,
  withoutForeign,
  withoutPast,
  type ApplyingState,
  type Installation,
  type TemplateWay,
} from 'optipod/lib/apply';
import { gradualStates, suspensionAt, type GradualState, type Suspension } from 'optipod/lib/recommend';
import { policyVersion, type Cluster, type ValidPolicy } from '../../cluster.js';
import type { EventRecorder } from '../../runtime/index.js';
import type { WorkloadWriters } from '../../workloads/annotate.js';
import { standingReport, statusOf, type Told, type ToldRecommendations } from '../../workloads/recommendation.js';
import type { Workload } from '../../workloads/workload.js';
import type { Rollback } from '../rollback/rollback.js';
import { release } from './release.js';
import { onWorkload } from '../../workloads/on-workload.js';

export interface StandingContext {
  readonly writers: WorkloadWriters;
  readonly cluster: Cluster;
  readonly reports: Pick<ToldRecommendations, 'get'>;
  readonly permissions: Installation;
  /** How long a workload is left alone that somebody else fights for, in milliseconds. */
  readonly conflictHoldoff: number;
  /** What became of earlier changes. */
  readonly rollback: Pick<Rollback, 'judge'>;
  readonly event: EventRecorder['event'];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** How a workload stands before anything is recommended for it. */
export interface Standing {
  /** As it is once OptiPod let go of what it has no business with. */
  readonly workload: Workload;
  readonly way: TemplateWay;
  readonly applying: ApplyingState;
  readonly suspension: Suspension | undefined;
  /** Where gradual decreases are, by container. */
  readonly gradual: ReadonlyMap<string, GradualState>;
}

/**
 * Looks at what became of what was applied: lets go of what is no longer managed, and notices, tells and remembers who took
 * something back.
 * @throws ApiError, Conflict among them where the workload is another by now; ConnectionError
 */
export async function lookAt(found: Workload, policy: ValidPolicy, context: StandingContext): Promise<Standing> {
  const { writers, cluster, permissions } = context;
  const { updateRequestsOnly } = policy.spec.updateStrategy;
  const way = courseOf(policy.spec, permissions).template;
  const letGoOf = await release(writers, found, { way, updateRequestsOnly });
  const workload = (letGoOf ? cluster.workload({ kind: found.kind, ...found.metadata }) : undefined) ?? found;
  const stored = standingReport(context.reports, { kind: workload.kind, ...workload.metadata });
  const now = Math.floor(context.now() / 1000);
  const known = withOwned(remembered(workload, policy, stored, now, context.rollback), found);
  const before = withoutForeign(known, workload, updateRequestsOnly);
  const hashes = { content: workload.content, policy: policyVersion(policy) };
  const suspended = suspensionAt(before, hashes, now);
  const current = withoutPast(before, suspended);
  const states = gradualStates(stored, workload.metadata.uid);
  if (way === 'unchanged') {
    return { workload, way, applying: letGo(current, now), suspension: suspended, gradual: states };
  }
  const { applying, told } = contested({
    applying: current,
    workload,
    updateRequestsOnly,
    policy: hashes.policy,
    now,
    holdoff: context.conflictHoldoff / 1000,
    suspension: suspended,
  });
  if (told) context.event(onWorkload(workload), { type: 'Warning', ...told });
  const suspension = suspensionAt(applying, hashes, now);
  return { workload, way, applying, suspension, gradual: gradualInTemplate(states, applying, workload) };
}

/** What is known of applying; where the policy applies, with what became of it since. */
function remembered(
  workload: Workload,
  { spec }: ValidPolicy,
  told: Told | undefined,
  now: number,
  { judge }: StandingContext['rollback'],
): ApplyingState {
  return (spec.mode === 'Auto' ? judge(workload, told, now) : statusOf(told, workload)?.applying) ?? {};
}
