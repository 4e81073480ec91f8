import { RESOURCE_NAMES } from '../api/index.js';
import { compareQuantities, parseQuantity, type Container, type PodSpec } from '../kube/index.js';
import { hasPodLevelResources } from './pod-level.js';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

/** The class that the kubelet gives a pod, from the CPU and memory of all its containers, init containers among them. */
export function qosClass(pod: PodSpec): QosClass {
  const { containers, initContainers = [] } = pod;
  const all: readonly Pick<Container, 'resources'>[] = hasPodLevelResources(pod)
    ? [pod]
    : [...containers, ...initContainers];
  const amounts = all.flatMap((container) =>
    RESOURCE_NAMES.map((name) => ({
      asked: container.resources?.requests?.[name] !== undefined,
      request: amount(container.resources?.requests?.[name]),
      limit: amount(container.resources?.limits?.[name]),
    })),
  );
  if (amounts.every(({ request, limit }) => request === undefined && limit === undefined)) return 'BestEffort';
  // kube-apiserver has defaulted a missing request to the limit before anybody sees the pod; a template may lack it. One that
  // says zero stays zero.
  const guaranteed = amounts.every(
    ({ asked, request, limit }) =>
      limit !== undefined && (!asked || (request !== undefined && compareQuantities(request, limit) === 0)),
  );
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

/** Zero counts as not given, as it does for the kubelet. */
function amount(value: string | number | undefined) {
  const quantity = value === undefined ? undefined : parseQuantity(value);
  return quantity === undefined || quantity.nanos <= 0n ? undefined : quantity;
}
