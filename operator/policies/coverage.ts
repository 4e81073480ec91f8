import { policyKey, type ValidPolicy } from '../cluster.js';
import { workloadKey, type Workload } from '../workloads/workload.js';

/** The evaluation that a workload was last part of. */
export interface Covered {
  readonly policyUid: string;
  readonly workloadUid: string;
  /** `<namespace>/<name>` of the policy. */
  readonly policy: string;
}

/** Which workloads the evaluations of policies were about: what is governed differently now calls for another one. */
export class Coverage {
  readonly #byWorkload = new Map<string, Covered>();

  /** @param key `<kind>/<namespace>/<name>` */
  of(key: string): Covered | undefined {
    return this.#byWorkload.get(key);
  }

  forget(key: string): void {
    this.#byWorkload.delete(key);
  }

  /**
   * Notes that a policy is being evaluated, for these workloads and no others.
   * @returns the keys of the policies that some of them were covered by before
   */
  note(policy: Pick<ValidPolicy, 'metadata'>, governed: readonly Workload[]): ReadonlySet<string> {
    const { uid: policyUid } = policy.metadata;
    for (const [key, covered] of this.#byWorkload) if (covered.policyUid === policyUid) this.#byWorkload.delete(key);
    const losers = new Set<string>();
    for (const workload of governed) {
      const key = workloadKey(workload);
      const before = this.#byWorkload.get(key);
      if (before) losers.add(before.policy);
      this.#byWorkload.set(key, { policyUid, workloadUid: workload.metadata.uid, policy: policyKey(policy) });
    }
    return losers;
  }
}
