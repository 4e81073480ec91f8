import type { OptimizationPolicy } from '../../imports/types/optimization-policy.js';
import {
  ignoredContainers,
  lastApplied as appliedBefore,
  lastRecommendation,
  policyUid,
  readRecommendations,
  writeAnnotations,
  type ContainerResources,
} from '../api/index.js';
import { sameJson, type ObjectMeta, type PodSpec, type ResourceRequirements } from '../kube/index.js';
import { resizableContainers } from '../pod/index.js';

/** Recommendations as they were just made. */
export interface FreshRecommendations {
  /** RFC 3339, UTC: up to when usage was looked at. */
  readonly at: string;
  readonly containers: ContainerResources;
}

export interface AnnotationsInput {
  /** The policy that governs the workload, or undefined where none does. */
  readonly policy: Pick<OptimizationPolicy, 'metadata' | 'spec'> | undefined;
  readonly workload: { readonly metadata: Pick<ObjectMeta, 'annotations'>; readonly pod: PodSpec };
  /** Absent where nothing was computed just now: what stands is only brought in line with the policy. */
  readonly fresh?: FreshRecommendations;
  /**
   * What is said of all containers instead of what stands and what is fresh: a workload goes back to what it had. Where that is
   * nothing, annotations say no more than since when.
   */
  readonly instead?: ContainerResources | undefined;
  /** When something was last applied, RFC 3339. @default what the annotations say under the same policy */
  readonly lastApplied?: string | undefined;
}

/** What was last written under a policy; undefined where it was another one, which numbers are not carried over from. */
export function standingRecommendations(
  { metadata }: Pick<OptimizationPolicy, 'metadata'>,
  annotations: Readonly<Record<string, string>> | undefined,
): ContainerResources | undefined {
  return policyUid(annotations) === metadata.uid ? readRecommendations(annotations) : undefined;
}

/**
 * The annotations OptiPod should have on a workload. A resource of a container without a fresh recommendation, for want of data
 * or because it is held, keeps what was last written under the same policy; containers that are gone or ignored, and limits that are no longer managed, disappear. Without a
 * policy, or before the first recommendation, there are none.
 */
export function annotationsFor({
  policy,
  workload,
  fresh,
  instead,
  lastApplied,
}: AnnotationsInput): Record<string, string> {
  if (!policy || policy.spec.mode === 'Disabled') return {};
  const { metadata, spec } = policy;
  const { annotations } = workload.metadata;
  const standing = standingRecommendations(policy, annotations);
  const ignored = ignoredContainers(annotations);
  const containers = new Map<string, ResourceRequirements>();
  for (const { container } of resizableContainers(workload.pod)) {
    if (ignored.includes(container.name)) continue;
    const before = (instead ?? standing)?.get(container.name);
    const now = instead ? undefined : fresh?.containers.get(container.name);
    const requests = { ...before?.requests, ...now?.requests };
    const limits = spec.updateStrategy.updateRequestsOnly ? {} : { ...before?.limits, ...now?.limits };
    if (Object.keys(requests).length === 0) continue;
    containers.set(container.name, { requests, ...(Object.keys(limits).length > 0 ? { limits } : {}) });
  }
  // It is the instant of what is said, from which on pods are born with it: that something was applied since does not make it
  // another recommendation.
  const isMade = instead !== undefined || (fresh !== undefined && fresh.containers.size > 0);
  const isNews = fresh && isMade && !(standing && isSame(containers, standing));
  const at = isNews ? fresh.at : (lastRecommendation(annotations) ?? fresh?.at);
  const wentBack = (instead ?? standing)?.size === 0;
  if ((containers.size === 0 && !wentBack) || at === undefined) return {};
  return writeAnnotations({
    policy: { namespace: metadata.namespace ?? '', name: metadata.name, uid: metadata.uid },
    lastRecommendation: at,
    lastApplied: lastApplied ?? (standing ? appliedBefore(annotations) : undefined),
    ...(spec.mode === 'Auto' ? { strategy: spec.updateStrategy.strategy } : {}),
    containers,
  });
}

function isSame(a: ContainerResources, b: ContainerResources): boolean {
  return a.size === b.size && [...a].every(([name, resources]) => sameJson(resources, b.get(name)));
}
