import type { ContainerRecommendation } from './container.js';
import type { GradualState } from './gradual.js';
import type { WorkloadRecommendations } from './workload.js';

/** What is recommended, where it could not be written: gradual decreases are where they were. */
export function withoutSteps(
  result: WorkloadRecommendations,
  states: ReadonlyMap<string, GradualState>,
): WorkloadRecommendations {
  return { ...result, containers: result.containers.map((one) => withoutStep(one, states.get(one.name))) };
}

/** Likewise of one container. @param state where its gradual decrease was, if one ever began */
export function withoutStep(
  { memory: { gradual: _, ...memory }, ...container }: ContainerRecommendation,
  state: GradualState | undefined,
): ContainerRecommendation {
  return { ...container, memory: { ...memory, ...(state ? { gradual: state } : {}) } };
}
