import { admittedPod, patchPod } from 'optipod/lib/pod';
import type { SeenPod } from '../../usage/pods.js';
import type { WorkloadMemory } from './memory.js';
import type { PodState } from './pod-state.js';
import type { PodsOutcome, PodsTask } from './task.js';

/** The webhook's memory is behind the operator's by so much, and creationTimestamps are whole seconds. */
const GRACE_MS = 5_000;

/** Whether a pod was born when new pods had what the annotations say now. Replacing it would only make another such. */
export function isNewborn({ metadata }: SeenPod, { since }: WorkloadMemory): boolean {
  return Date.parse(metadata.creationTimestamp) >= since + GRACE_MS;
}

/** Why the webhook would leave a pod made from the template as it is, in its own words; undefined where it would not. */
export function whyNewPodsLackIt({ workload, wanted, limitRanges, quotas }: PodsTask): string | undefined {
  const patch = patchPod(admittedPod(workload.pod, limitRanges), wanted, limitRanges, quotas);
  return patch.outcome === 'refused' ? patch.reason : undefined;
}

/** What is to be told of pods that were born without what the annotations say. A warning to their controller reaches nobody. */
export function admittedUnchanged(
  stuck: readonly Extract<PodState, { is: 'stuck' }>[],
  task: PodsTask,
  lacking: string | undefined,
  webhookReady: boolean,
): PodsOutcome {
  const reason = 'AdmittedUnchanged';
  if (lacking !== undefined) {
    return {
      reason,
      message: `new pods are left as they are: with what is recommended they would not be valid (${lacking})`,
    };
  }
  const born = stuck.filter(({ pod }) => isNewborn(pod, task.memory));
  const [first] = born;
  if (!first) return {};
  const own = patchPod(first.pod.spec, task.wanted, task.limitRanges, task.quotas);
  const why =
    own.outcome === 'refused'
      ? `with what is recommended it would not be valid (${own.reason})`
      : webhookReady
        ? 'the webhook did not answer in time, or was not asked'
        : 'no webhook pod is ready';
  return {
    reason,
    message: `${born.length} pods started with their own resources, ${first.pod.metadata.name} first: ${why}`,
  };
}
