import { parseQuantity, quantityToNumber, type KubeObject, type LimitRange, type ResourceQuota } from 'optipod/kube';
import type { ResourceName } from 'optipod/lib/api';
import { quotaHeadroom, type ClusterConstraints } from 'optipod/lib/recommend';
import type { Informer } from './runtime/index.js';
import type { Workload } from './workloads/workload.js';

/** A node, as far as it says what it has for pods. */
export interface NodeCapacity {
  /** Cores, bytes. */
  readonly allocatable: Readonly<Record<ResourceName, number>>;
}

type Node = KubeObject & { readonly status?: { readonly allocatable?: Readonly<Record<string, string>> } };

/** The projection of nodes on their way into the cache. */
export function nodeCapacity({ status }: Node): NodeCapacity {
  const amount = (resource: ResourceName) => {
    const quantity = parseQuantity(status?.allocatable?.[resource] ?? '');
    return quantity ? quantityToNumber(quantity) : 0;
  };
  return { allocatable: { cpu: amount('cpu'), memory: amount('memory') } };
}

export interface ConstraintCaches {
  readonly limitRanges: Informer<LimitRange>;
  readonly quotas: Informer<ResourceQuota>;
  readonly nodes: Informer<NodeCapacity>;
}

/** What the cluster has to say about what may be recommended for a workload, from memory. */
export function constraintsOf(
  { limitRanges, quotas, nodes }: ConstraintCaches,
  workload: Workload,
): ClusterConstraints {
  const { namespace } = workload.metadata;
  return {
    limitRanges: limitRanges.list(namespace),
    quotaHeadroom: quotaHeadroom(quotas.list(namespace), workload.pod),
    largestNode: largestNode(nodes.list()),
    replicas: workload.replicas,
  };
}

/** A cluster whose nodes come when pods need them may have none now: then nothing is known. */
function largestNode(nodes: readonly NodeCapacity[]): NonNullable<ClusterConstraints['largestNode']> {
  const most = (resource: ResourceName) => Math.max(...nodes.map(({ allocatable }) => allocatable[resource]));
  return {
    ...(most('cpu') > 0 ? { cpu: most('cpu') } : {}),
    ...(most('memory') > 0 ? { memory: most('memory') } : {}),
  };
}
