import type { GradualState } from './gradual.js';
import type { WorkloadRecommendations } from './workload.js';

/** What is recommended, where it could not be written: gradual decreases are where they were. */
export function withoutSteps(
  result: WorkloadRecommendations,
  states: ReadonlyMap<string, GradualState>,
): WorkloadRecommendations {
  const containers = result.containers.map(({ memory: { gradual: _, ...memory }, ...container }) => {
    const state = states.get(container.name);
    return { ...container, memory: { ...memory, ...(state ? { gradual: state } : {}) } };
  });
  return { ...result, containers };
}
