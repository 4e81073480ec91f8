import type { WorkloadRecommendation } from '../../imports/types/workload-recommendation.js';
import { amountIn } from './amount.js';
import type { GradualState } from './gradual.js';

/**
 * Where gradual decreases are, by container, as the WorkloadRecommendation remembers it. What cannot be read is left out, and
 * so is what was said of another workload of the same name.
 * @param uid of the workload
 */
export function gradualStates(
  stored: Pick<WorkloadRecommendation, 'spec' | 'status'> | undefined,
  uid: string,
): ReadonlyMap<string, GradualState> {
  const states = new Map<string, GradualState>();
  if (stored?.spec.workload.uid !== uid) return states;
  for (const { name, gradualDecrease } of stored.status?.containers ?? []) {
    const original = amountIn(gradualDecrease?.original);
    const value = amountIn(gradualDecrease?.value);
    const at = Date.parse(gradualDecrease?.at ?? '') / 1000;
    if (original !== undefined && value !== undefined && Number.isFinite(at)) states.set(name, { original, value, at });
  }
  return states;
}
