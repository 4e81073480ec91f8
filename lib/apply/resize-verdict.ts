import { compareQuantities, parseQuantity, type Container, type ContainerStatus, type Pod } from '../kube/index.js';
import { resizableContainers } from '../pod/index.js';

/** How far the kubelet is with a pod whose spec says other amounts than its containers have. */
export interface ResizeVerdict {
  /**
   * Deferred: when there is room on the node, by itself. Infeasible: not on this node. InProgress: at it. Error: at it, and
   * something is in the way, such as more memory in use than it is to have. Unobserved: it has not said anything yet.
   */
  readonly state: 'Deferred' | 'Infeasible' | 'InProgress' | 'Error' | 'Unobserved';
  /** In the kubelet's words; empty where it has none. */
  readonly message: string;
}

/** CPU goes through shares of 1/1024 core on its way to the kernel, and comes back rounded. Nanocores. */
const CPU_ROUNDING = 2_000_000n;

/**
 * What a pod's status tells of its resize: the conditions PodResizePending and PodResizeInProgress, and the amounts that are
 * allocated and in effect. A reason for waiting that is not known is as Deferred.
 * @returns undefined where all containers that run have what the spec says
 */
export function resizeVerdict({ metadata, spec, status = {} }: Pod): ResizeVerdict | undefined {
  const { generation = 0 } = metadata;
  // A condition of before the last resize says nothing of that one.
  const conditions = (status.conditions ?? []).filter(
    (condition) => condition.status === 'True' && (condition.observedGeneration ?? generation) >= generation,
  );
  const pending = conditions.find(({ type }) => type === 'PodResizePending');
  if (pending) {
    const state = pending.reason === 'Infeasible' ? 'Infeasible' : 'Deferred';
    return { state, message: pending.message ?? '' };
  }
  const progress = conditions.find(({ type }) => type === 'PodResizeInProgress');
  if (progress) {
    return { state: progress.reason === 'Error' ? 'Error' : 'InProgress', message: progress.message ?? '' };
  }
  if ((status.observedGeneration ?? generation) < generation) return { state: 'Unobserved', message: '' };
  const statuses = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
  const isBehind = resizableContainers(spec).some(({ container }) =>
    differs(
      container,
      statuses.find(({ name }) => name === container.name),
    ),
  );
  return isBehind ? { state: 'Unobserved', message: '' } : undefined;
}

/** A container without a status does not run yet, and will have what the spec says. */
function differs({ resources }: Container, status: ContainerStatus | undefined): boolean {
  const { allocatedResources: allocated, resources: actual } = status ?? {};
  return (['cpu', 'memory'] as const).some(
    (resource) =>
      isOther(resource, resources?.requests?.[resource], allocated?.[resource]) ||
      isOther(resource, resources?.requests?.[resource], actual?.requests?.[resource]) ||
      isOther(resource, resources?.limits?.[resource], actual?.limits?.[resource]),
  );
}

/** What the kubelet does not say is not held against it. */
function isOther(
  resource: 'cpu' | 'memory',
  wanted: string | number | undefined,
  has: string | number | undefined,
): boolean {
  const [a, b] = [parseQuantity(wanted ?? ''), parseQuantity(has ?? '')];
  if (!a || !b) return false;
  if (resource === 'memory') return compareQuantities(a, b) !== 0;
  const apart = a.nanos - b.nanos;
  return (apart < 0n ? -apart : apart) > CPU_ROUNDING;
}
