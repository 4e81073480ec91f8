import type { ResourceRequirements } from '../kube/index.js';
import type { ResourceRecommendation } from './recommend.js';

/** What is recommended for one container. */
export interface ContainerRecommendation {
  readonly name: string;
  /** What a new pod has without OptiPod: the template's, with the defaults of kube-apiserver and of LimitRanges. */
  readonly resources: ResourceRequirements | undefined;
  /** What was last written under the same policy. */
  readonly standing: ResourceRequirements | undefined;
  readonly cpu: ResourceRecommendation;
  readonly memory: ResourceRecommendation;
}

/** What of a container's recommendation is not held; undefined where all of it is. */
export function freshResources({ cpu, memory }: ContainerRecommendation): ResourceRequirements | undefined {
  const requests: Record<string, string> = {};
  const limits: Record<string, string> = {};
  for (const [resource, { request, limit, hold }] of [
    ['cpu', cpu],
    ['memory', memory],
  ] as const) {
    if (hold || request === undefined) continue;
    requests[resource] = request;
    if (limit !== undefined) limits[resource] = limit;
  }
  if (Object.keys(requests).length === 0) return undefined;
  return { requests, ...(Object.keys(limits).length > 0 ? { limits } : {}) };
}

/** Whether there is a recommendation for something of a container: what is to be written, or what is kept with good reason. */
export function hasRecommendation(container: ContainerRecommendation): boolean {
  return [container.cpu, container.memory].some(
    ({ request, hold }) => request !== undefined && (!hold || KEPT.includes(hold.reason)),
  );
}

/** Holds that are no refusal: what there is is what should be. */
const KEPT: readonly string[] = ['BelowThreshold', 'ShortHistory', 'Throttled'];
