import type { OptimizationPolicy } from '../../imports/types/optimization-policy.js';
import { ignoredContainers, type ContainerResources, type ResourceName } from '../api/index.js';
import type { ObjectMeta, PodSpec, ResourceRequirements } from '../kube/index.js';
import { admittedPod, resizableContainers } from '../pod/index.js';
import type { ContainerUsage } from '../usage/index.js';
import { standingRecommendations, type FreshRecommendations } from './annotations.js';
import { freshResources, type ContainerRecommendation } from './container.js';
import type { Hold } from './explanation.js';
import type { GradualState } from './gradual.js';
import type { ClusterConstraints, ClusterHold, RecommendationSettings } from './input.js';
import { recommend } from './recommend.js';
import { formatInstant } from './span.js';
import { heldByWholePod } from './whole-pod.js';

/** What the recommendations of one workload are made from. */
export interface WorkloadInput {
  /** The policy that governs it. */
  readonly policy: Pick<OptimizationPolicy, 'metadata' | 'spec'>;
  readonly workload: {
    readonly metadata: Pick<ObjectMeta, 'annotations'>;
    /** The pod of its template. */
    readonly pod: PodSpec;
  };
  /** By container. */
  readonly usage: ReadonlyMap<string, ContainerUsage>;
  /** Distinct instants of usage there must be. */
  readonly minSamples: number;
  /** Seconds since 1970: up to when usage was looked at. */
  readonly now: number;
  readonly settings: RecommendationSettings;
  /** What the template's author said of containers for which it says what OptiPod put there. */
  readonly authored?: ContainerResources;
  /** Where gradual decreases are, by container. */
  readonly gradual?: ReadonlyMap<string, GradualState>;
  /** The containers whose memory, as it was last written, all pods of the workload have. */
  readonly inEffect?: ReadonlySet<string>;
  readonly constraints?: ClusterConstraints;
  readonly holds?: readonly ClusterHold[];
}

/** What is recommended for one workload. */
export interface WorkloadRecommendations {
  /** Seconds since 1970: up to when usage was looked at. */
  readonly at: number;
  readonly containers: readonly ContainerRecommendation[];
}

/**
 * Recommendations for all containers of a workload that are not ignored; one without data does not stop its siblings. Together
 * they make a valid pod of the class that it had.
 */
export function recommendWorkload(input: WorkloadInput): WorkloadRecommendations {
  const { policy, workload, usage, minSamples, now, settings, authored, gradual, inEffect, constraints, holds } = input;
  const { annotations } = workload.metadata;
  const pod = admittedPod(workload.pod, constraints?.limitRanges);
  const ignored = ignoredContainers(annotations);
  const standing = standingRecommendations(policy, annotations);
  const containers = resizableContainers(pod)
    .filter(({ container }) => !ignored.includes(container.name))
    .map(({ container: { name, resources } }): ContainerRecommendation => {
      const of = (resource: ResourceName) =>
        recommend({
          container: name,
          resource,
          resources,
          pod,
          spec: policy.spec,
          usage: usage.get(name),
          minSamples,
          now,
          settings,
          standing: standing?.get(name),
          authored: authored?.get(name),
          gradual: resource === 'memory' ? gradual?.get(name) : undefined,
          stepInEffect: inEffect?.has(name) ?? false,
          ...(constraints ? { constraints } : {}),
          ...(holds ? { holds } : {}),
        });
      return { name, resources, standing: standing?.get(name), cpu: of('cpu'), memory: of('memory') };
    });
  const around = { pod, spec: policy.spec, ...(constraints ? { constraints } : {}), ...(gradual ? { gradual } : {}) };
  return { at: now, containers: heldByWholePod(containers, around) };
}

/** What of it is to be written: what is not held. */
export function freshRecommendations({ at, containers }: WorkloadRecommendations): FreshRecommendations {
  const fresh = new Map<string, ResourceRequirements>();
  for (const container of containers) {
    const resources = freshResources(container);
    if (resources) fresh.set(container.name, resources);
  }
  return { at: formatInstant(at), containers: fresh satisfies ContainerResources };
}

/** Why something of a workload is not written, by container and resource. */
export function holdsOf({ containers }: WorkloadRecommendations): Hold[] {
  return containers.flatMap(({ cpu, memory }) => [cpu.hold, memory.hold].filter((one) => one !== undefined));
}
