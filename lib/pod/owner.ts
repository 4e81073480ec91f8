import type { ObjectMeta, OwnerReference } from '../kube/index.js';
import { WORKLOAD_KINDS, type WorkloadKind } from '../policy/index.js';

/** The workload on top of a pod's owner chain. */
export interface OwningWorkload {
  readonly kind: WorkloadKind;
  readonly name: string;
  readonly uid: string;
}

/** What the first step up the chain says. */
export type PodOwner =
  | { readonly found: 'workload'; readonly workload: OwningWorkload }
  | { readonly found: 'replicaSet'; readonly name: string; readonly uid: string }
  | { readonly found: 'none' };

/** Who controls a pod. A ReplicaSet has to be asked in turn: `deploymentOf`. */
export function controllerOf({ ownerReferences }: Pick<ObjectMeta, 'ownerReferences'>): PodOwner {
  const owner = controllerReference(ownerReferences);
  if (owner?.apiVersion !== 'apps/v1') return { found: 'none' };
  const { kind, name, uid } = owner;
  if (kind === 'ReplicaSet') return { found: 'replicaSet', name, uid };
  return isWorkloadKind(kind) && kind !== 'Deployment'
    ? { found: 'workload', workload: { kind, name, uid } }
    : { found: 'none' };
}

/** The Deployment that controls a ReplicaSet, or undefined for one that stands alone. */
export function deploymentOf({ ownerReferences }: Pick<ObjectMeta, 'ownerReferences'>): OwningWorkload | undefined {
  const owner = controllerReference(ownerReferences);
  return owner?.apiVersion === 'apps/v1' && owner.kind === 'Deployment'
    ? { kind: 'Deployment', name: owner.name, uid: owner.uid }
    : undefined;
}

/** Added by a Deployment to the pods and the names of its ReplicaSets. */
export const TEMPLATE_HASH_LABEL = 'pod-template-hash';

/**
 * The workload that a pod says it is of, without asking its ReplicaSet: a Deployment's has the name of the Deployment, a hyphen
 * and the hash that its pods are labelled with. Undefined for a pod of anything else.
 */
export function workloadOfPod(
  metadata: Pick<ObjectMeta, 'ownerReferences' | 'labels'>,
): Pick<OwningWorkload, 'kind' | 'name'> | undefined {
  const owner = controllerOf(metadata);
  if (owner.found === 'workload') return owner.workload;
  const hash = metadata.labels?.[TEMPLATE_HASH_LABEL];
  if (owner.found === 'none' || hash === undefined || !owner.name.endsWith(`-${hash}`)) return undefined;
  return { kind: 'Deployment', name: owner.name.slice(0, -hash.length - 1) };
}

function controllerReference(references: readonly OwnerReference[] | undefined): OwnerReference | undefined {
  return references?.find(({ controller }) => controller === true);
}

function isWorkloadKind(kind: string): kind is WorkloadKind {
  return (WORKLOAD_KINDS as readonly string[]).includes(kind);
}
