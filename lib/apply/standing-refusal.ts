import {
  RESOURCE_FIELDS,
  RESOURCE_NAMES,
  type ContainerResources,
  type ResourceField,
  type ResourceName,
} from '../api/index.js';
import type { ContainerStatus, Pod, ResourceRequirements } from '../kube/index.js';
import { resizableContainers } from '../pod/index.js';
import { isOther } from './same-amount.js';

/** A part of what was asked of a pod that the kubelet refuses, and with which everything else that was asked for waits. */
export interface StandingRefusal {
  /**
   * InUse: a limit of memory below what is in use; the kubelet tries it again by itself. Exclusive: a static policy of the
   * node's CPU or memory manager, under which a Guaranteed pod keeps its amount for life.
   */
  readonly cause: 'InUse' | 'Exclusive';
  readonly resource: ResourceName;
  /** What containers have where the spec says otherwise. */
  readonly inEffect: ContainerResources;
}

/** From 1.34 on; before, kube-apiserver takes no lower limit of memory. */
const IN_USE = /decrease memory limits?\b/i;

/** In the words of 1.33 and of 1.36. */
const EXCLUSIVE = /Guaranteed Pods alongside (CPU|Memory) Manager/i;

/** @returns undefined where nothing is refused, or nobody knows what of it */
export function standingRefusal(pod: Pod, state: string, message: string): StandingRefusal | undefined {
  if (state === 'Error' && IN_USE.test(message)) {
    return { cause: 'InUse', resource: 'memory', inEffect: inEffect(pod) };
  }
  const manager = state === 'Infeasible' ? EXCLUSIVE.exec(message)?.[1] : undefined;
  if (manager === undefined) return undefined;
  const resource = manager.toLowerCase() === 'cpu' ? 'cpu' : 'memory';
  return { cause: 'Exclusive', resource, inEffect: inEffect(pod) };
}

function inEffect({ spec, status = {} }: Pod): ContainerResources {
  const statuses = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
  const found = new Map<string, ResourceRequirements>();
  for (const { container } of resizableContainers(spec)) {
    const own = statuses.find(({ name }) => name === container.name);
    if (!own) continue;
    const amounts: Partial<Record<ResourceField, Record<string, string | number>>> = {};
    for (const field of RESOURCE_FIELDS) {
      for (const resource of RESOURCE_NAMES) {
        const has = amountOf(own, field, resource, container.resources?.[field]?.[resource]);
        if (has !== undefined) amounts[field] = { ...amounts[field], [resource]: has };
      }
    }
    if (Object.keys(amounts).length > 0) found.set(container.name, amounts);
  }
  return found;
}

/** @returns undefined where it is what the spec says */
function amountOf(
  { allocatedResources: allocated, resources: actual }: ContainerStatus,
  field: ResourceField,
  resource: ResourceName,
  wanted: string | number | undefined,
): string | number | undefined {
  // What is allocated came from the spec as it was: it is not rounded as what comes from the kernel is.
  const candidates = [...(field === 'requests' ? [allocated?.[resource]] : []), actual?.[field]?.[resource]];
  return candidates.find((has) => isOther(resource, wanted, has));
}
