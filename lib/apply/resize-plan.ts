import type { ContainerResources } from '../api/index.js';
import type { LimitRange, PodSpec } from '../kube/index.js';
import { patchPod, qosClass } from '../pod/index.js';
import {
  changesBetween,
  patchOf,
  resourcesOf,
  withResources,
  type Change,
  type ResizePatch,
} from './resize-changes.js';
import type { StandingRefusal } from './standing-refusal.js';

export type ResizePlan =
  | { readonly outcome: 'unchanged' }
  /** Each step waits until the one before is in effect: the kubelet takes together what it finds together. */
  | { readonly outcome: 'resize'; readonly steps: readonly ResizePatch[] }
  | Impossible;

/** Nothing of it is done in place, or no more of it. */
export interface Impossible {
  readonly outcome: 'impossible';
  /** One CamelCase word: why. */
  readonly reason: string;
  /** Continues "in place: ". */
  readonly message: string;
  /** Whether the pod has everything else that is wanted. */
  readonly isAllElseThere?: boolean;
}

/** What of a pod's circumstances bears on a resize. */
export interface ResizeCircumstances {
  /** What the kubelet refuses of what was asked of the pod, and what it is known to refuse on its node. */
  readonly standing?: readonly StandingRefusal[];
  /**
   * Whether what is possible is done although the rest is not. Where the rest has the pod replaced, its successor has all of it.
   * @default false
   */
  readonly partly?: boolean;
}

/**
 * How a running pod gets in place what new pods get, with the checks that new pods go through. A decrease of memory comes
 * apart from the rest, and last where it can: while the kubelet refuses it, because more is in use, everything asked for with it waits.
 * What is refused already is asked back, where there is something else to ask for, and asked for again when that is in effect.
 * Run on what its steps make of the pod, it finds nothing to do.
 * @param wanted by container; containers that the pod lacks are passed over
 * @param limitRanges those of the pod's namespace
 */
export function planResize(
  spec: PodSpec,
  wanted: ContainerResources,
  limitRanges: readonly LimitRange[],
  { standing = [], partly = false }: ResizeCircumstances = {},
): ResizePlan {
  const before = standing.reduce((pod, { inEffect }) => withResources(pod, inEffect), spec);
  const qos = qosClass(spec);
  // Limits that came with what is refused cannot be taken away again, and the class is for life.
  const has = qosClass(before) === qos ? before : spec;
  const patch = patchPod(has, wanted, limitRanges);
  if (patch.outcome === 'refused') return impossible(patch.reason);
  if (patch.outcome === 'unchanged') return throughSteps(spec, [has]);
  if (spec.os?.name === 'windows') return impossible('WindowsPod');
  if (qos === 'BestEffort') return impossible('BestEffortPod');
  const changes = changesBetween(has, patch.after);
  const isGood = (some: readonly Change[]) => isGoodPod(has, some, limitRanges);
  const fixed = qos === 'Guaranteed' ? standing.filter(({ cause }) => cause === 'Exclusive') : [];
  const aside = changes.map((change) => whyNot(change, fixed));
  const rest = changes.filter((_, index) => !aside[index]);
  const why = aside.find((reason) => reason !== undefined);
  if (why && rest.length === 0) return { ...why, isAllElseThere: true };
  if (why && (!partly || !isGood(rest))) return why;
  const isInUse = standing.some(({ cause }) => cause === 'InUse');
  const steps = inSteps(rest, isGood, isInUse);
  return throughSteps(
    spec,
    steps.map((_, index) => withResources(has, resourcesOf(steps.slice(0, index + 1).flat()))),
  );
}

/** Why not, by the reasons of `patchPod` and those of kube-apiserver's validation of a resize. */
const WHY: Readonly<Record<string, string>> = {
  PodLevelResources: 'the pod has resources as a whole, which are not divided anew',
  RequestAboveLimit: 'a request would pass its limit',
  QosClassWouldChange: 'the QoS class of the pod would change, which it cannot while it runs',
  LimitRange: 'a LimitRange of the namespace does not allow it',
  WindowsPod: 'pods on Windows are not resized',
  BestEffortPod: 'a pod without any requests and limits cannot be given some while it runs',
};

function impossible(reason: string): Impossible {
  return { outcome: 'impossible', reason, message: WHY[reason] ?? reason };
}

/** @param fixed what a Guaranteed pod keeps for life on its node */
function whyNot({ container, resource }: Change, fixed: readonly StandingRefusal[]): Impossible | undefined {
  const restarts = (container.resizePolicy ?? []).some(
    ({ resourceName, restartPolicy }) => resourceName === resource && restartPolicy === 'RestartContainer',
  );
  if (restarts) {
    return {
      outcome: 'impossible',
      reason: 'RestartContainer',
      message: `the container ${container.name} says in its resizePolicy that it has to restart for another amount of ${resource}`,
    };
  }
  if (!fixed.some((refusal) => refusal.resource === resource)) return undefined;
  const manager = resource === 'cpu' ? 'CPU' : 'memory';
  return {
    outcome: 'impossible',
    reason: resource === 'cpu' ? 'StaticCPUManager' : 'StaticMemoryManager',
    message: `the node's ${manager} manager is static, and a Guaranteed pod keeps its ${manager} while it runs`,
  };
}

/**
 * In an order in which the pod is a good one after each step; all at once where there is none.
 * @param isInUse whether the kubelet refuses the decreases now: then nothing can come after them
 */
function inSteps(
  changes: readonly Change[],
  isGood: (some: readonly Change[]) => boolean,
  isInUse: boolean,
): (readonly Change[])[] {
  const isMemoryDecrease = ({ resource, isDecrease }: Change) => resource === 'memory' && isDecrease;
  const decreases = changes.filter(isMemoryDecrease);
  const rest = changes.filter((change) => !isMemoryDecrease(change));
  if (decreases.length === 0 || rest.length === 0) return [changes];
  if (isGood(rest)) return [rest, decreases];
  return isGood(decreases) && !isInUse ? [decreases, rest] : [changes];
}

function isGoodPod(spec: PodSpec, changes: readonly Change[], limitRanges: readonly LimitRange[]): boolean {
  return patchPod(spec, resourcesOf(changes), limitRanges).outcome === 'patched';
}

/** @param pods as they are to be, one after the other */
function throughSteps(spec: PodSpec, pods: readonly PodSpec[]): ResizePlan {
  const steps: ResizePatch[] = [];
  let now = spec;
  for (const pod of pods) {
    const changes = changesBetween(now, pod);
    if (changes.length > 0) steps.push(patchOf(changes));
    now = pod;
  }
  return steps.length > 0 ? { outcome: 'resize', steps } : { outcome: 'unchanged' };
}
