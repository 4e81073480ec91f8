import type { OptimizationPolicy } from '../../imports/types/optimization-policy.js';
import type { WorkloadRecommendation } from '../../imports/types/workload-recommendation.js';
import { RESOURCE_NAMES, type ResourceName } from '../api/index.js';
import { amountIn, formatAmount } from './amount.js';
import type { WorkloadRecommendations } from './workload.js';

/** What usage asks for, before any bound: cores or bytes. One for each container and resource. */
export interface WantedAmount {
  readonly resource: ResourceName;
  readonly amount: number;
}

/** Fewer say nothing about a policy: one small container is no mistake. */
const LEAST_CONTAINERS = 2;

/**
 * Bounds that decide everything, so that usage decides nothing: a line for each resource of which every container is below the
 * lower bound, or above the upper one.
 * @param bounds of the policy, as it is to be
 * @param wanted of all containers that it governs
 */
export function boundsAdvice(
  bounds: OptimizationPolicy['spec']['resourceBounds'],
  wanted: readonly WantedAmount[],
): string[] {
  return RESOURCE_NAMES.flatMap((resource) => {
    const amounts = wanted.filter((one) => one.resource === resource).map(({ amount }) => amount);
    if (amounts.length < LEAST_CONTAINERS) return [];
    const min = amountIn(bounds[resource].min) ?? 0;
    const max = amountIn(bounds[resource].max) ?? Infinity;
    const [lowest, highest] = [Math.min(...amounts), Math.max(...amounts)];
    const range = `usage asks for ${formatAmount(resource, lowest)} to ${formatAmount(resource, highest)}`;
    const all = `of all ${amounts.length} containers`;
    if (highest < min) return [`resourceBounds.${resource}.min decides the ${resource} ${all}: ${range}`];
    if (lowest > max) return [`resourceBounds.${resource}.max decides the ${resource} ${all}: ${range}`];
    return [];
  });
}

/** What usage asks for, as it was just computed. */
export function wantedAmounts({ containers }: WorkloadRecommendations): WantedAmount[] {
  return containers.flatMap(({ cpu, memory }) =>
    (
      [
        ['cpu', cpu],
        ['memory', memory],
      ] as const
    ).flatMap(([resource, { steps }]) =>
      steps.flatMap((step) => (step.step === 'SafetyFactor' ? { resource, amount: step.value } : [])),
    ),
  );
}

/** What usage asked for, as it was last told. */
export function storedWantedAmounts({ status }: Pick<WorkloadRecommendation, 'status'>): WantedAmount[] {
  return (status?.containers ?? []).flatMap((container) =>
    RESOURCE_NAMES.flatMap((resource) =>
      (container[resource]?.steps ?? []).flatMap(({ step, value }) => {
        const amount = step === 'SafetyFactor' ? amountIn(value) : undefined;
        return amount === undefined ? [] : { resource, amount };
      }),
    ),
  );
}
