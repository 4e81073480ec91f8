import type { Obstacle, ResizeRefusal } from 'optipod/lib/apply';
import { NodePolicies } from './node-policies.js';

/** What was done about one pod, and with what success, since its workload's annotations say what they say. */
export interface PodMemory {
  /** The step of a resize that it was last asked for, as text. */
  asked?: string;
  /** The one that was last seen to be in effect. */
  done?: string;
  /** Since when the kubelet has said nothing of a resize, or has been at it: milliseconds since 1970. */
  awaitedSince?: number;
  /** Stands until the recommendation changes; where it is for the node, until that does; else until `again`. */
  refusal?: ResizeRefusal & { readonly node?: string; readonly again?: number };
}

/** How often in a row pods were not replaced that were to be, why at last, and when it may be asked for again. */
export interface Blocked {
  readonly times: number;
  readonly refusal: Obstacle;
  /** Milliseconds since 1970. */
  readonly again: number;
}

/**
 * What is remembered of one workload while its annotations say the same. It is in no need of outliving the process: whatever
 * would be done twice without it is seen in the cluster to be done.
 */
export interface WorkloadMemory {
  readonly uid: string;
  /** What new pods get, to be compared. */
  readonly said: string;
  /** From when on pods are born with it: milliseconds since 1970. */
  readonly since: number;
  /** Whether a rolling restart was made for it. */
  isRestarted: boolean;
  /** The UID of the pod that was evicted last. */
  evicted?: string;
  blocked?: Blocked;
  /** When something was last applied: milliseconds since 1970. */
  appliedAt?: number;
  /** What was told in events already. */
  readonly told: Set<string>;
  readonly pods: Map<string, PodMemory>;
}

/** What new pods of a workload get, and since when. */
export interface Saying {
  readonly uid: string;
  readonly said: string;
  /** Since when, as it was told, and when the last rolling restart was: milliseconds since 1970, NaN where that is not known. */
  readonly toldSince: number;
  readonly restartedAt: number;
}

export class Memories {
  /** What is the same for all pods of a node. */
  readonly nodes = new NodePolicies();
  readonly #memories = new Map<string, WorkloadMemory>();
  /** The UIDs of workloads that were seen while new pods got nothing. */
  readonly #without = new Map<string, string>();

  /** What is remembered of a workload; nothing of what was about another recommendation. @param now milliseconds since 1970 */
  of(key: string, { uid, said, toldSince, restartedAt }: Saying, now: number): WorkloadMemory {
    const before = this.#memories.get(key);
    if (before?.uid === uid && before.said === said) return before;
    // What a process finds when it starts is as old as was told. A restart since then was for it, whoever made it.
    const isNews = before?.uid === uid || this.#without.get(key) === uid || Number.isNaN(toldSince);
    const fresh: WorkloadMemory = {
      uid,
      said,
      since: isNews ? now : toldSince,
      isRestarted: !isNews && restartedAt >= toldSince,
      ...(before?.uid === uid && before.evicted !== undefined ? { evicted: before.evicted } : {}),
      ...(before?.uid === uid && before.appliedAt !== undefined ? { appliedAt: before.appliedAt } : {}),
      told: new Set(),
      pods: new Map(),
    };
    this.#memories.set(key, fresh);
    this.#without.delete(key);
    return fresh;
  }

  /** New pods get nothing. @param uid of the workload; undefined where it is gone */
  nothing(key: string, uid: string | undefined): void {
    this.#memories.delete(key);
    if (uid === undefined) this.#without.delete(key);
    else this.#without.set(key, uid);
  }

  /** The workloads of which something was refused for what a node has. */
  waitingForNodes(): string[] {
    return [...this.#memories].flatMap(([key, { pods }]) =>
      [...pods.values()].some(({ refusal }) => refusal?.node !== undefined) ? [key] : [],
    );
  }
}

/** What is remembered of a pod, to be added to. */
export function podMemory({ pods }: WorkloadMemory, uid: string): PodMemory {
  let memory = pods.get(uid);
  if (!memory) pods.set(uid, (memory = {}));
  return memory;
}
