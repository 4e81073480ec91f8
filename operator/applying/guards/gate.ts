import type { Disruption } from 'optipod/lib/apply';
import type { ValidPolicy } from '../../cluster.js';
import type { Workload } from '../../workloads/workload.js';

/** Why a workload's pods may not be replaced now. */
export interface Refusal {
  /** In one CamelCase word: RolloutInProgress, CoolingDown, BudgetExhausted, CircuitOpen, SingleReplica, WebhookNotSeen, … */
  readonly reason: string;
  readonly message: string;
  /** When to ask again, at the latest: milliseconds from now. Absent where only a change of the workload is a reason to. */
  readonly retryAfterMs?: number;
}

/** Everything that replaces pods asks here first: a changed template, a rolling restart, an eviction. */
export interface DisruptionGate {
  /**
   * Whether pods of a workload may be replaced now. A leave is counted against the budgets when it is given.
   * @param through `webhook` where the new pods get their resources from the webhook, which must have been seen to mutate
   * @returns undefined where they may
   */
  ask(workload: Workload, policy: ValidPolicy, through: 'webhook' | 'template'): Promise<Refusal | undefined>;
  /** A leave that was given was not used: what was asked of kube-apiserver with it was certainly not done. */
  giveBack(workload: Workload, policy: ValidPolicy, through: 'webhook' | 'template'): void;
  /** What this process last gave a leave for, where new pods get their resources from the webhook, and was not given back. */
  lastDisruption(workload: Workload): Disruption | undefined;
}
