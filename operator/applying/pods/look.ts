import { isNewborn } from './admitted-unchanged.js';
import type { PodResourcesContext } from './context.js';
import { podState, type PodState } from './pod-state.js';
import { AS_WISHED } from './story.js';
import type { PodsTask } from './task.js';

/** How long a kubelet may be silent about a resize, or be at it: one that lives answers within seconds, one that is busy within its minute. */
export const FOLLOW_MS = 120_000;

/** Where the pods are that are there to stay. */
export function look(task: PodsTask, notInPlace: NotInPlace, context: PodResourcesContext): PodState[] {
  const { key, wanted, without, limitRanges, memory, course } = task;
  const { nodeOf, followMs = FOLLOW_MS, memories } = context;
  const all = context.pods.of(key);
  forgetGone(task, all);
  return all
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .map((pod) => {
      const { nodeName = '' } = pod.spec;
      const node = nodeOf(pod);
      if (pod.resize?.standing) memories.nodes.note(nodeName, node, pod.resize.standing);
      const refusedThere = memories.nodes.of(nodeName, node);
      const partly = course.otherwise === 'wait';
      const now = context.now();
      return podState(
        { pod, wanted, without, limitRanges, notInPlace, partly, node, refusedThere, followMs, now },
        memory,
      );
    });
}

/** What is remembered of pods ends with them. */
function forgetGone({ memory }: PodsTask, all: readonly PodState['pod'][]): void {
  const there = new Set(all.map(({ metadata }) => metadata.uid));
  for (const uid of memory.pods.keys()) if (!there.has(uid)) memory.pods.delete(uid);
}

/** What keeps all pods of a workload from being resized in place. */
export type NotInPlace = Parameters<typeof podState>[0]['notInPlace'];

export async function whyNotInPlace({ course }: PodsTask, { canResize }: PodResourcesContext): Promise<NotInPlace> {
  if (!course.inPlace)
    return { reason: AS_WISHED, message: 'the policy, or the installation, resizes no pods in place' };
  if (await canResize()) return undefined;
  return { reason: 'InPlaceResizeUnavailable', message: 'this Kubernetes serves no pods/resize' };
}

/** When something of the recommendation was last seen to be in effect: a step that was asked for, the first newborn pod. */
export function noteApplied(states: readonly PodState[], { memory }: PodsTask, now: number): void {
  for (const { pod, is } of states) {
    const known = memory.pods.get(pod.metadata.uid);
    if (known?.asked !== undefined && known.asked !== known.done && !pod.resize) {
      known.done = known.asked;
      memory.appliedAt = now;
    } else if (is === 'done' && memory.appliedAt === undefined && isNewborn(pod, memory)) {
      memory.appliedAt = Date.parse(pod.metadata.creationTimestamp);
    }
  }
}
