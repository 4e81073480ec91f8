import type { PodState } from './pod-state.js';
import type { PodsApplication } from './applications.js';
import type { PodsOutcome } from './task.js';

type Told = Pick<PodsApplication, 'applied' | 'reason' | 'message'>;

/** Of how far pods are, from what most needs somebody's attention to what needs none. */
const ORDER = ['Forbidden', 'Invalid', 'Refused', 'Infeasible', 'InPlaceResizeUnavailable'];

/** What is told as InProgress besides: something is in the kubelet's way, or it is not this pod's turn. */
const NOT_YET: readonly PodState['is'][] = ['Error', 'resizable'];

/** Nothing is to be said of pods that wait for their next restart because nobody wants more. */
export const AS_WISHED = 'AsWished';

/** What is to be told of a workload, in one reason: what keeps its pods from having what new pods get. */
export function storyOf(
  states: readonly PodState[],
  { replacing, unchanged }: { readonly replacing: PodsOutcome; readonly unchanged: PodsOutcome },
): Told {
  for (const { reason, message } of [replacing, unchanged]) {
    if (reason !== undefined) return { applied: false, reason, message: message ?? '' };
  }
  const stuck = states.filter((state) => state.is === 'stuck');
  for (const reason of ORDER) {
    const those = stuck.filter((state) => state.reason === reason);
    const [first] = those;
    if (first) return told(reason, those.length, states.length, first.message);
  }
  for (const state of ['Deferred', 'InProgress'] as const) {
    const those = states.filter(({ is }) => is === state || (state === 'InProgress' && NOT_YET.includes(is)));
    const message = those.flatMap((one) => ('message' in one && one.message !== '' ? [one.message] : []))[0];
    if (those.length > 0) return told(state, those.length, states.length, message ?? 'being resized in place');
  }
  const resized = states.filter((state) => state.is === 'done' && state.wasResized).length;
  if (resized === 0 || stuck.length > 0) return {};
  const message = `all running pods have what is recommended, ${resized} of ${states.length} of them resized in place`;
  return { applied: true, reason: 'ResizedInPlace', message };
}

function told(reason: string, some: number, all: number, message: string): Told {
  return { applied: false, reason, message: `${some} of ${all} pods: ${message}` };
}
