import type { Rollout } from 'optipod/lib/apply';

/** The rollout of a workload whose pods are all new and available. */
export function rolledOut(pods: number): Rollout {
  return {
    type: 'RollingUpdate',
    paused: false,
    partition: 0,
    isObserved: true,
    pods,
    updated: pods,
    available: pods,
    isCurrent: true,
    failed: false,
  };
}
