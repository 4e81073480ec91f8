import { RESOURCE_FIELDS, RESOURCE_NAMES, type ContainerResources } from '../api/index.js';
import {
  compareQuantities,
  parseQuantity,
  type Draft,
  type OwnerReference,
  type PodSpec,
  type QuantityValue,
  type WorkloadObject,
} from '../kube/index.js';

type Controller = Pick<OwnerReference, 'apiVersion' | 'kind' | 'name' | 'uid'>;

/**
 * A pod as a workload's controller would make it now, to ask kube-apiserver what would become of it: not one to be stored.
 * @param controller the workload itself, or of a Deployment its ReplicaSet
 */
export function newbornPod({ metadata, spec }: WorkloadObject, controller: Controller): Draft {
  const { metadata: said = {}, spec: pod } = spec.template;
  const { apiVersion, kind, name, uid } = controller;
  return {
    metadata: {
      namespace: metadata.namespace,
      generateName: `${name}-`,
      ...(said.labels ? { labels: said.labels } : {}),
      ...(said.annotations ? { annotations: said.annotations } : {}),
      // To block an owner's deletion takes a right of its own.
      ownerReferences: [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: false }],
    },
    spec: withClaims(pod, spec.volumeClaimTemplates ?? []),
  };
}

/** A StatefulSet's pods have volumes that their template does not name. */
function withClaims(
  pod: PodSpec & { readonly volumes?: readonly object[] },
  claims: NonNullable<WorkloadObject['spec']['volumeClaimTemplates']>,
): PodSpec {
  if (claims.length === 0) return pod;
  const volumes = claims.map(({ metadata: { name } }) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...pod, volumes: [...(pod.volumes ?? []), ...volumes] } as PodSpec;
}

/** Whether a pod has what is said of its containers; what is said of containers that it lacks does not count. */
export function carries({ containers, initContainers = [] }: PodSpec, said: ContainerResources): boolean {
  return [...containers, ...initContainers].every(({ name, resources }) => {
    const wanted = said.get(name);
    return RESOURCE_FIELDS.every((field) =>
      RESOURCE_NAMES.every((resource) => {
        const value = wanted?.[field]?.[resource];
        return value === undefined || isSame(value, resources?.[field]?.[resource]);
      }),
    );
  });
}

function isSame(a: QuantityValue, b: QuantityValue | undefined): boolean {
  const [one, other] = [parseQuantity(a), parseQuantity(b ?? '')];
  return one !== undefined && other !== undefined && compareQuantities(one, other) === 0;
}
