import type { LimitRange } from 'optipod/kube';
import type { ContainerResources } from 'optipod/lib/api';
import {
  hasAnyOf,
  planResize,
  type ResizePatch,
  type ResizePlan,
  type ResizeVerdict,
  type StandingRefusal,
} from 'optipod/lib/apply';
import type { SeenPod } from '../../usage/pods.js';
import { podMemory, type WorkloadMemory } from './memory.js';

/** Where a pod is on its way to what new pods get. */
export type PodState = { readonly pod: SeenPod } & (
  | { readonly is: 'starting' }
  | { readonly is: 'done'; readonly wasResized: boolean }
  /** In the kubelet's hands; under Error it tries again by itself. */
  | { readonly is: 'Deferred' | 'InProgress' | 'Error'; readonly message: string }
  | { readonly is: 'resizable'; readonly step: ResizePatch }
  /** It does not get it in place: why, in one word and in a sentence. */
  | { readonly is: 'stuck'; readonly reason: string; readonly message: string; readonly again?: number }
);

export interface PodQuestion {
  readonly pod: SeenPod;
  readonly wanted: ContainerResources;
  /** What it is to have no more, and nothing instead. */
  readonly without: ContainerResources;
  readonly limitRanges: readonly LimitRange[];
  /** What keeps all pods from being resized in place. */
  readonly notInPlace: { readonly reason: string; readonly message: string } | undefined;
  /** Whether what is possible in place is done although the rest is not. */
  readonly partly: boolean;
  /** What its node has, as text. */
  readonly node: string;
  /** What is known to be refused there. */
  readonly refusedThere: readonly StandingRefusal[];
  /** How long the kubelet may be silent about a resize, or be at it. */
  readonly followMs: number;
  readonly now: number;
}

/** What a pod that is there to stay has, gets, and cannot get. Notes since when the kubelet is waited for. */
export function podState(question: PodQuestion, memory: WorkloadMemory): PodState {
  const { pod, wanted, without, limitRanges, notInPlace, node, now, refusedThere, partly } = question;
  const { resize } = pod;
  // What does not run yet has no cgroup, and may be at its end before it has one.
  if (pod.status.phase !== 'Running') return { pod, is: 'starting' };
  const standing = [...(resize?.standing ? [resize.standing] : []), ...refusedThere];
  const plan = planResize(pod.spec, wanted, limitRanges, { standing, partly });
  const known = memory.pods.get(pod.metadata.uid);
  if (plan.outcome === 'unchanged' && !resize) {
    if (hasAnyOf(pod.spec, without)) return { pod, is: 'stuck', ...CANNOT_BE_TAKEN };
    return { pod, is: 'done', wasResized: known?.asked !== undefined || (pod.metadata.generation ?? 1) > 1 };
  }
  const isOurs = plan.outcome === 'unchanged' || known?.asked !== undefined;
  const isLate = isOverdue(question, memory);
  if (isLate && (isOurs || resize?.state === 'Unobserved')) return overdue(question);
  // What is pending from an earlier recommendation is replaced by what is asked for now.
  if (resize && isOurs && !goesOnWithout(resize, plan, known?.asked)) {
    if (resize.state === 'Infeasible') return { pod, is: 'stuck', reason: 'Infeasible', message: resize.message };
    return { pod, is: resize.state === 'Unobserved' ? 'InProgress' : resize.state, message: messageOf(resize) };
  }
  // What has no end is replaced, too: it may not be wanted any more, as a decrease is not where an increase is.
  if ((resize?.state === 'InProgress' && !isLate) || resize?.state === 'Unobserved') {
    return { pod, is: 'InProgress', message: resize.message };
  }
  // Where nobody wants it, it matters to nobody that it could not be done.
  if (notInPlace) return { pod, is: 'stuck', ...notInPlace };
  if (plan.outcome === 'impossible') {
    const rest = plan.isAllElseThere ? `; ${ALL_ELSE}` : '';
    const message = `${plan.reason}: ${plan.message}${rest}`;
    return { pod, is: 'stuck', reason: 'InPlaceResizeUnavailable', message };
  }
  const { refusal } = known ?? {};
  if (refusal && (refusal.node ?? node) === node && now < (refusal.again ?? Number.POSITIVE_INFINITY)) {
    const { reason, message, again } = refusal;
    return { pod, is: 'stuck', reason, message, ...(again === undefined ? {} : { again }) };
  }
  const [step] = plan.outcome === 'resize' ? plan.steps : [];
  return step ? { pod, is: 'resizable', step } : { pod, is: 'starting' };
}

/** kube-apiserver takes no resize without an amount that was there. */
const CANNOT_BE_TAKEN = {
  reason: 'InPlaceResizeUnavailable',
  message: 'a running pod keeps each request and limit that it has, if with another amount, and new ones have none',
};

const ALL_ELSE = 'all else that is recommended is in effect';

/**
 * Whether something can be done about a pod of which a part was refused: the part is known now, and the rest can go on. Not by
 * asking again what was just asked.
 */
function goesOnWithout({ standing }: ResizeVerdict, plan: ResizePlan, asked: string | undefined): boolean {
  if (!standing) return false;
  if (plan.outcome === 'impossible') return standing.cause === 'Exclusive';
  return plan.outcome === 'resize' && JSON.stringify(plan.steps[0]) !== asked;
}

/** What the kubelet refuses, in its words, and what became of the rest. */
function messageOf({ message, standing }: ResizeVerdict): string {
  if (!standing) return message;
  const { resource, inEffect } = standing;
  const isAlone = [...inEffect.values()].every(({ requests = {}, limits = {} }) =>
    Object.keys({ ...requests, ...limits }).every((name) => name === resource),
  );
  return `${message}; ${isAlone ? ALL_ELSE : 'all else that was asked for with it waits'}`;
}

/** Whether something is to happen on its own, which causes no event where it does not. */
export function isAwaited({ resize }: SeenPod): boolean {
  return resize?.state === 'Unobserved' || resize?.state === 'InProgress';
}

/** A kubelet that does not follow, or not to the end, may not know of resizes, or not know of anything any more. */
function isOverdue({ pod, followMs, now }: PodQuestion, memory: WorkloadMemory): boolean {
  const { uid } = pod.metadata;
  if (!isAwaited(pod)) {
    const known = memory.pods.get(uid);
    if (known) delete known.awaitedSince;
    return false;
  }
  const known = podMemory(memory, uid);
  known.awaitedSince ??= now;
  return now >= known.awaitedSince + followMs;
}

function overdue({ pod, followMs }: PodQuestion): PodState {
  const failed = pod.resize?.state === 'Unobserved' ? 'followed a resize' : 'come to an end with a resize';
  const message = `the kubelet has not ${failed} for ${followMs / 1000} s`;
  return { pod, is: 'stuck', reason: 'InPlaceResizeUnavailable', message };
}
