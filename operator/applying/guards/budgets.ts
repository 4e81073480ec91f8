import { policyKey, type ValidPolicy } from '../../cluster.js';
import type { OperatorSettings } from '../../settings.js';
import type { Workload } from '../../workloads/workload.js';
import { createBudget } from './budget.js';
import type { Refusal } from './gate.js';

export type BudgetSettings = Pick<
  OperatorSettings,
  'policyDisruptionsPerHour' | 'namespaceDisruptionsPerHour' | 'clusterDisruptionsPerHour'
>;

/** What policies, namespaces and the cluster may spend on replacing pods. */
export interface Budgets {
  /** Of those that have nothing left, the one that is free last. */
  exhausted(workload: Workload, policy: ValidPolicy): Refusal | undefined;
  take(workload: Workload, policy: ValidPolicy): void;
  giveBack(workload: Workload, policy: ValidPolicy): void;
}

/** @param now milliseconds since 1970 */
export function createBudgets(settings: BudgetSettings, now: () => number): Budgets {
  const scopes = [
    {
      perHour: settings.policyDisruptionsPerHour,
      keyOf: (_: Workload, policy: ValidPolicy) => policyKey(policy),
      named: (key: string) => `the policy ${key}`,
    },
    {
      perHour: settings.namespaceDisruptionsPerHour,
      keyOf: ({ metadata }: Workload) => metadata.namespace,
      named: (key: string) => `the namespace ${key}`,
    },
    { perHour: settings.clusterDisruptionsPerHour, keyOf: () => 'cluster', named: () => 'the cluster' },
  ].map((scope) => ({ ...scope, budget: createBudget(scope.perHour, now) }));
  return {
    exhausted(workload, policy) {
      const refusals = scopes.flatMap(({ perHour, keyOf, named, budget }) => {
        const key = keyOf(workload, policy);
        const retryAfterMs = budget.waitMs(key);
        if (retryAfterMs === 0) return [];
        const message = `no disruption is left to ${named(key)}, which has ${perHour} an hour`;
        return [{ reason: 'BudgetExhausted', message, retryAfterMs }];
      });
      return refusals.sort((a, b) => b.retryAfterMs - a.retryAfterMs)[0];
    },
    take(workload, policy) {
      for (const { keyOf, budget } of scopes) budget.take(keyOf(workload, policy));
    },
    giveBack(workload, policy) {
      for (const { keyOf, budget } of scopes) budget.giveBack(keyOf(workload, policy));
    },
  };
}
