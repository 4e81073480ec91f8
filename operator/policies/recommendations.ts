import { formatTime } from './time.js';
import type { ContainerResources } from 'optipod/lib/api';
import { recommend, type FreshRecommendations, type Hold } from 'optipod/lib/recommend';
import { podOwner, pool, type PodSeries } from 'optipod/lib/usage';
import { resizableContainers } from 'optipod/lib/pod';
import type { ResourceRequirements } from 'optipod/kube';
import type { ValidPolicy } from '../cluster.js';
import { workloadKey, type Workload } from '../workloads/workload.js';

/** Series by workload, of a cluster's worth of pods. */
export type UsageByWorkload = ReadonlyMap<string, readonly PodSeries[]>;

/**
 * Sorts what a provider read to the workloads whose pods it came from.
 * @param workloads all of the namespaces in question, governed or not: a pod of somebody else's must find its own owner.
 */
export function usageByWorkload(series: readonly PodSeries[], workloads: readonly Workload[]): UsageByWorkload {
  const inNamespace = new Map<string, { kind: Workload['kind']; name: string; key: string }[]>();
  for (const workload of workloads) {
    const { namespace, name } = workload.metadata;
    const named = inNamespace.get(namespace) ?? [];
    named.push({ kind: workload.kind, name, key: workloadKey(workload) });
    inNamespace.set(namespace, named);
  }
  const owners = new Map<string, string | undefined>();
  const result = new Map<string, PodSeries[]>();
  for (const one of series) {
    const pod = `${one.namespace}/${one.pod}`;
    if (!owners.has(pod)) owners.set(pod, podOwner(one.pod, inNamespace.get(one.namespace) ?? [])?.key);
    const owner = owners.get(pod);
    if (owner === undefined) continue;
    const list = result.get(owner);
    if (list) list.push(one);
    else result.set(owner, [one]);
  }
  return result;
}

/** What one pass found for one workload. */
export interface WorkloadResult {
  readonly fresh: FreshRecommendations;
  /** Why some resource of some container has no recommendation. */
  readonly holds: readonly Hold[];
}

/** Recommendations for every container of a workload; one without data does not stop its siblings. */
export function recommendWorkload(
  policy: ValidPolicy,
  workload: Workload,
  series: readonly PodSeries[],
  options: { readonly at: number; readonly minSamples: number },
): WorkloadResult {
  const containers = new Map<string, ResourceRequirements>();
  const holds: Hold[] = [];
  for (const { container } of resizableContainers(workload.pod)) {
    const requests: Record<string, string> = {};
    const limits: Record<string, string> = {};
    for (const resource of ['cpu', 'memory'] as const) {
      const usage = pool(series.filter((one) => one.container === container.name && one.resource === resource));
      const { request, limit, hold } = recommend({
        resource,
        resources: container.resources,
        pod: workload.pod,
        spec: policy.spec,
        usage,
        minSamples: options.minSamples,
      });
      if (hold) holds.push(hold);
      if (request !== undefined) requests[resource] = request;
      if (limit !== undefined) limits[resource] = limit;
    }
    if (Object.keys(requests).length === 0) continue;
    containers.set(container.name, { requests, ...(Object.keys(limits).length > 0 ? { limits } : {}) });
  }
  return { fresh: { at: formatTime(options.at * 1000), containers: containers satisfies ContainerResources }, holds };
}
