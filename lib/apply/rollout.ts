import type { WorkloadKind } from '../policy/index.js';

/** How a workload's pods are replaced, and how far that is; as the object says it, whatever the kind. */
export interface Rollout {
  /** RollingUpdate, Recreate or OnDelete. */
  readonly type: string;
  readonly paused: boolean;
  /** Of a StatefulSet: pods below this ordinal are not replaced. */
  readonly partition: number;
  /** Whether its controller has seen the spec as it is. */
  readonly isObserved: boolean;
  /** Pods there are, pods of the newest template, pods that are available. */
  readonly pods: number;
  readonly updated: number;
  readonly available: number;
  /** Of a StatefulSet: whether its pods have the revision that they are to have. */
  readonly isCurrent: boolean;
  /** Of a Deployment: its rollout made no progress in time. */
  readonly failed: boolean;
}

/** Why something is not done: a CamelCase word, and a sentence for people. */
export interface Obstacle {
  readonly reason: string;
  readonly message: string;
}

/** What rollouts are read from. */
export interface RollingWorkload {
  readonly kind: WorkloadKind;
  /** How many pods it is to have. */
  readonly replicas: number;
  readonly rollout: Rollout;
}

export interface RolloutOptions {
  /** Whether the only pod of a workload may be replaced. */
  readonly singleReplica: boolean;
  /** Whether its pods are to go back to what they had: then a rollout that is stuck is what they go back for. @default false */
  readonly goingBack?: boolean;
}

/**
 * Why a workload is in no state to have pods replaced; undefined where it is, and where it has none. Whoever paused, held back or
 * began a rollout decides when it goes on; a pod that is not available is one less to spare.
 */
export function rolloutObstacle(
  { kind, replicas, rollout }: RollingWorkload,
  { singleReplica, goingBack = false }: RolloutOptions,
): Obstacle | undefined {
  const { type, paused, partition, isObserved, pods, updated, available, isCurrent, failed } = rollout;
  if (paused) return { reason: 'RolloutPaused', message: `the ${kind} is paused` };
  if (type === 'OnDelete') {
    return {
      reason: 'OnDelete',
      message: 'its pods are replaced only when somebody deletes them (update strategy OnDelete)',
    };
  }
  if (partition > 0) {
    return { reason: 'Partitioned', message: `its rollout is held back: partition ${partition}` };
  }
  if (goingBack) return undefined;
  if (failed) return { reason: 'RolloutFailed', message: 'its rollout made no progress in time' };
  if (!isObserved || updated < pods || pods !== replicas || available < replicas || !isCurrent) {
    const message = `${updated} of ${replicas} pods are of the newest template, ${available} are available`;
    return { reason: 'RolloutInProgress', message };
  }
  if (replicas === 1 && !singleReplica) {
    return {
      reason: 'SingleReplica',
      message: 'it has a single pod, which OptiPod replaces only where disruptSingleReplica says so',
    };
  }
  return undefined;
}
