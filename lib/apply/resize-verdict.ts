import { RESOURCE_NAMES } from '../api/index.js';
import type { Container, ContainerStatus, Pod } from '../kube/index.js';
import { resizableContainers } from '../pod/index.js';
import { isOther } from './same-amount.js';
import { standingRefusal, type StandingRefusal } from './standing-refusal.js';

/** How far the kubelet is with a pod whose spec says other amounts than its containers have. */
export interface ResizeVerdict {
  /**
   * Deferred: when there is room on the node, by itself. Infeasible: not on this node. InProgress: at it. Error: at it, and
   * something is in the way, such as more memory in use than it is to have. Unobserved: it has not said anything yet.
   */
  readonly state: 'Deferred' | 'Infeasible' | 'InProgress' | 'Error' | 'Unobserved';
  /** In the kubelet's words; empty where it has none. */
  readonly message: string;
  /** Under Error and Infeasible, where only a part of it is in the way. */
  readonly standing?: StandingRefusal;
}

/**
 * What a pod's status tells of its resize: the conditions PodResizePending and PodResizeInProgress, and the amounts that are
 * allocated and in effect. A reason for waiting that is not known is as Deferred.
 * @returns undefined where all containers that run have what the spec says
 */
export function resizeVerdict(pod: Pod): ResizeVerdict | undefined {
  const { metadata, spec, status = {} } = pod;
  const { generation = 0 } = metadata;
  // A condition of before the last resize says nothing of that one.
  const conditions = (status.conditions ?? []).filter(
    (condition) => condition.status === 'True' && (condition.observedGeneration ?? generation) >= generation,
  );
  const pending = conditions.find(({ type }) => type === 'PodResizePending');
  if (pending) {
    const state = pending.reason === 'Infeasible' ? 'Infeasible' : 'Deferred';
    return said(pod, state, pending.message);
  }
  const progress = conditions.find(({ type }) => type === 'PodResizeInProgress');
  if (progress) {
    return said(pod, progress.reason === 'Error' ? 'Error' : 'InProgress', progress.message);
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

function said(pod: Pod, state: ResizeVerdict['state'], message = ''): ResizeVerdict {
  const standing = standingRefusal(pod, state, message);
  return { state, message, ...(standing ? { standing } : {}) };
}

/** A container without a status does not run yet, and will have what the spec says. */
function differs({ resources }: Container, status: ContainerStatus | undefined): boolean {
  const { allocatedResources: allocated, resources: actual } = status ?? {};
  return RESOURCE_NAMES.some(
    (resource) =>
      isOther(resource, resources?.requests?.[resource], allocated?.[resource]) ||
      isOther(resource, resources?.requests?.[resource], actual?.requests?.[resource]) ||
      isOther(resource, resources?.limits?.[resource], actual?.limits?.[resource]),
  );
}
