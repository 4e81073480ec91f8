import { podOwner, pool, type ContainerUsage, type PodSeries } from 'optipod/lib/usage';
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

/** Usage by container, of the series of one workload's pods. */
export function usageByContainer(series: readonly PodSeries[]): ReadonlyMap<string, ContainerUsage> {
  const usage = new Map<string, ContainerUsage>();
  for (const name of new Set(series.map(({ container }) => container))) {
    const of = (resource: PodSeries['resource']) =>
      pool(series.filter((one) => one.container === name && one.resource === resource));
    const [cpu, memory] = [of('cpu'), of('memory')];
    usage.set(name, { ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}) });
  }
  return usage;
}
