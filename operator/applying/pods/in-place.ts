import type { Pod, Patchable } from 'optipod/kube';
import { resizeRefusal, type ResizeRefusal } from 'optipod/lib/apply';
import { ApiError, isConflict, isNotFound } from '../../runtime/index.js';
import { podMemory } from './memory.js';
import type { PodState } from './pod-state.js';
import type { PodsTask } from './task.js';

/** Pods of one workload that the kubelets are at, at the same time; a tenth of them where that is more. */
const AT_ONCE = 3;
const SHARE_AT_ONCE = 0.1;

/** When what somebody's admission refused, or a right that is missing, is tried again: people mend that, in their time. */
export const REFUSED_MS = 300_000;

export interface InPlaceContext {
  readonly resizes: Pick<Patchable<Pod>, 'patch'>;
  /** What the node of a pod has, as text. */
  readonly nodeOf: (pod: PodState['pod']) => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

type Resizable = Extract<PodState, { is: 'resizable' }>;

/**
 * Asks for the next step of some pods that can be resized in place. The answer is in the cache when this returns; what the kubelet
 * makes of it comes with the watch.
 * @returns whether anything was asked
 * @throws what is no refusal, once every other pod had its turn
 */
export async function resizeInPlace(
  states: readonly PodState[],
  task: PodsTask,
  context: InPlaceContext,
): Promise<boolean> {
  const underWay = states.filter(({ is }) => is === 'InProgress').length;
  const atOnce = Math.max(AT_ONCE, Math.ceil(states.length * SHARE_AT_ONCE));
  const next = states.filter((state) => state.is === 'resizable').slice(0, Math.max(0, atOnce - underWay));
  const failures: unknown[] = [];
  for (const state of next) {
    try {
      await resize(state, task, context);
    } catch (error) {
      // Gone, or another one of its name: the watch tells.
      if (isNotFound(error) || isConflict(error)) continue;
      const refusal = error instanceof ApiError ? resizeRefusal(error.code, error.status) : undefined;
      if (!refusal) {
        failures.push(error);
        continue;
      }
      note(state, refusal, task, context);
      // No other pod fares better.
      if (refusal.reason === 'Forbidden') break;
    }
  }
  if (failures.length > 0) throw failures[0];
  return next.length > 0;
}

async function resize({ pod, step }: Resizable, task: PodsTask, { resizes }: InPlaceContext): Promise<void> {
  const { namespace, name, uid } = pod.metadata;
  const known = podMemory(task.memory, uid);
  delete known.refusal;
  const body = { metadata: { uid }, spec: step };
  await resizes.patch({ namespace, name }, body, { type: 'strategic', signal: task.signal });
  known.asked = JSON.stringify(step);
  delete known.awaitedSince;
  task.log.info({ pod: name, resources: step }, 'asked for other resources in place');
}

function note({ pod }: Resizable, refusal: ResizeRefusal, task: PodsTask, { nodeOf, now }: InPlaceContext): void {
  const { reason, message } = refusal;
  const known = podMemory(task.memory, pod.metadata.uid);
  if (reason === 'Infeasible') known.refusal = { ...refusal, node: nodeOf(pod) };
  else if (reason === 'InPlaceResizeUnavailable') known.refusal = refusal;
  else known.refusal = { ...refusal, again: now() + REFUSED_MS };
  task.log.warn({ pod: pod.metadata.name, reason, problem: message }, 'refused to be resized in place');
  const suggestion = SUGGESTIONS[reason];
  if (suggestion !== undefined) task.tell('Warning', reason, `${pod.metadata.name}: ${message}; ${suggestion}`);
}

const SUGGESTIONS: Partial<Record<ResizeRefusal['reason'], string>> = {
  Forbidden:
    'the operator lacks the right to patch pods/resize: install it with inPlaceResize, or set allowInPlaceResize to false',
  Invalid: 'compare the annotations of the workload with the limits in its template, and with the bounds of the policy',
  Refused: 'a quota or an admission policy of the namespace is in the way: make room there, or lower the bounds',
};
