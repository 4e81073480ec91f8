import { sameJson } from 'optipod/kube';
import {
  appliedWith,
  describeConflicts,
  originalsOf,
  takenOver,
  templatePlan,
  type ApplyingState,
  type FieldConflict,
  type TemplatePlan,
} from 'optipod/lib/apply';
import type { ContainerResources } from 'optipod/lib/api';
import { resourcesOf, type Application, type Suspension } from 'optipod/lib/recommend';
import type { ValidPolicy } from '../../cluster.js';
import { throughTemplate } from '../../policies/conditions.js';
import { isRefused, type EventDraft, type EventRecorder } from '../../runtime/index.js';
import type { WorkloadWriters } from '../../workloads/annotate.js';
import type { Workload } from '../../workloads/workload.js';
import { disruptionNow } from '../guards/cooldown.js';
import type { DisruptionGate } from '../guards/gate.js';
import { onWorkload } from '../../workloads/on-workload.js';
import { refusalIn } from './refusal.js';
import { writeTemplate } from './write.js';

export interface TemplateContext {
  readonly writers: WorkloadWriters;
  /** Asked before a template changes, which replaces pods. */
  readonly gate: DisruptionGate;
  readonly event: EventRecorder['event'];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface TemplateRequest {
  readonly workload: Workload;
  readonly policy: ValidPolicy;
  readonly by: 'apply' | 'patch';
  /** What is recommended now, and not held. */
  readonly fresh: ContainerResources;
  /** What the template is to say no more. @default nothing */
  readonly without?: ContainerResources;
  /** Why nothing is to be applied for a while. */
  readonly suspension: Suspension | undefined;
  readonly applying: ApplyingState;
  /**
   * What is remembered where pods get what OptiPod will have in the template from now on, and are watched for it.
   * @default nothing but that: a workload that goes back is not watched
   */
  readonly begin?: (applying: ApplyingState, containers: ContainerResources) => ApplyingState;
  /** Has what must not be lost stored before anything is written. */
  readonly remember: (applying: ApplyingState) => Promise<void>;
}

/** What became of a recommendation for a template. */
export interface TemplateOutcome {
  readonly application: Application;
  readonly applying: ApplyingState;
  /** Whether the template says by now all that it is to say: a step that is not taken is not remembered as taken. */
  readonly isThere: boolean;
  /** When to ask again whether pods may be replaced. */
  readonly retryAfterMs?: number;
}

/**
 * Brings a workload's template in line with what is recommended, in one request; none where the template says it all. What
 * OptiPod has no business with any more must have been let go of. What is refused is told, and does not stop other workloads.
 * @throws ApiError, Conflict among them where the workload is another by now; ConnectionError
 */
export async function applyTemplate(request: TemplateRequest, context: TemplateContext): Promise<TemplateOutcome> {
  const { workload, policy, by, fresh, without, suspension, applying } = request;
  const { updateRequestsOnly } = policy.spec.updateStrategy;
  const plan = templatePlan({ workload, updateRequestsOnly, fresh, by, ...(without ? { without } : {}) });
  if (suspension) return { application: refusedFor(suspension), applying, isThere: plan.changes.length === 0 };
  if (!plan.isNews) return { application: standing(request), applying, isThere: true };
  const refusal = plan.changes.length > 0 ? await context.gate.ask(workload, policy, 'template') : undefined;
  if (!refusal) return write(request, plan, context);
  const { retryAfterMs } = refusal;
  return {
    application: refusedFor(refusal),
    applying,
    isThere: false,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

async function write(
  request: TemplateRequest,
  plan: TemplatePlan,
  { writers, gate, event, now }: TemplateContext,
): Promise<TemplateOutcome> {
  const { workload, policy, by, applying, remember } = request;
  const tell = (draft: EventDraft) => event(onWorkload(workload), draft);
  const onConflicts = (conflicts: readonly FieldConflict[]) => {
    const message = `OptiPod says from now on what another field manager said: ${describeConflicts(conflicts)}`;
    tell({ type: 'Normal', reason: 'SSAOwnershipTaken', message });
  };
  const remembered = beforeWrite(request, plan);
  if (!sameJson(remembered, applying)) await remember(remembered);
  const taken = by === 'patch' ? takenOver(workload, plan) : [];
  if (taken.length > 0) onConflicts(taken);
  try {
    await writeTemplate(writers, workload, { plan, by, onConflicts });
  } catch (error) {
    if (plan.changes.length > 0 && isRefused(error)) gate.giveBack(workload, policy, 'template');
    const refusal = refusalIn(error);
    if (!refusal) throw error;
    tell({ type: 'Warning', ...refusal });
    return {
      application: { applied: false, ...refusal },
      applying: afterRefusal(remembered, applying),
      isThere: false,
    };
  }
  const { reason, message } = throughTemplate(by);
  const at = Math.floor(now() / 1000);
  const isChanged = plan.changes.length > 0;
  return {
    application: { applied: true, reason, message, ...(isChanged ? { at } : {}) },
    applying: {
      ...remembered,
      applied: appliedWith(remembered, workload, [...plan.amounts, ...plan.changes]),
      ...(isChanged ? { disruption: disruptionNow(workload, at) } : {}),
    },
    isThere: true,
  };
}

/** What must not be lost: what the template said before OptiPod, and since when pods are watched. */
function beforeWrite(
  { applying, workload, begin }: TemplateRequest,
  { amounts, changes }: TemplatePlan,
): ApplyingState {
  if (changes.length === 0) return applying;
  const remembered = { ...applying, originals: originalsOf(applying, workload) };
  if (!begin) return remembered;
  return begin(remembered, resourcesOf(appliedWith(applying, workload, [...amounts, ...changes])));
}

/** What was not written is in no pod: those that run are watched for what they have. */
function afterRefusal(remembered: ApplyingState, { change, previous }: ApplyingState): ApplyingState {
  const { change: _, previous: __, ...kept } = remembered;
  return { ...kept, ...(change ? { change } : {}), ...(previous ? { previous } : {}) };
}

/** Where nothing is to be written: it is there already, or never was. */
function standing({ by, fresh, applying }: TemplateRequest): Application {
  const { reason, message } = throughTemplate(by);
  if (fresh.size > 0 || (applying.applied ?? []).length > 0) return { applied: true, reason, message };
  return { applied: false, reason: 'NotApplied', message: 'nothing of it was ever written to the template' };
}

function refusedFor({ reason, message }: { readonly reason: string; readonly message: string }): Application {
  return { applied: false, reason, message };
}
