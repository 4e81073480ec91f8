import { WORKLOAD_KINDS, type WorkloadKind } from '../../lib/policy/index.js';
import { RANDOM_CHARACTER } from '../../lib/usage/index.js';

/** Who controls an object, as kube-state-metrics' series `kube_pod_owner` and `kube_replicaset_owner` say. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
}

/** Owners by `<namespace>/<name>`. */
export interface RecordedOwners {
  readonly pods: ReadonlyMap<string, Owner>;
  readonly replicaSets: ReadonlyMap<string, Owner>;
}

const POD_NAMES: readonly (readonly [WorkloadKind, RegExp])[] = [
  ['Deployment', new RegExp(`^(.+)-${RANDOM_CHARACTER}{1,10}-${RANDOM_CHARACTER}{5}$`)],
  ['StatefulSet', /^(.+)-\d+$/],
  ['DaemonSet', new RegExp(`^(.+)-${RANDOM_CHARACTER}{5}$`)],
];
const REPLICA_SET_NAME = new RegExp(`^(.+)-${RANDOM_CHARACTER}{1,10}$`);

/**
 * The workload that a pod belonged to, by what was recorded of it, else by how its controller named it.
 * @returns undefined for pods of Jobs and others that OptiPod does not right-size, and where nothing tells
 */
export function ownerOf(
  namespace: string,
  pod: string,
  recorded: RecordedOwners,
): { readonly kind: WorkloadKind; readonly name: string } | undefined {
  const owner = recorded.pods.get(`${namespace}/${pod}`);
  if (!owner) return named(pod);
  if (owner.kind !== 'ReplicaSet') return rightSized(owner);
  const controller = recorded.replicaSets.get(`${namespace}/${owner.name}`);
  if (controller) return rightSized(controller);
  const name = REPLICA_SET_NAME.exec(owner.name)?.[1];
  return name === undefined ? undefined : { kind: 'Deployment', name };
}

function named(pod: string): { kind: WorkloadKind; name: string } | undefined {
  for (const [kind, pattern] of POD_NAMES) {
    const name = pattern.exec(pod)?.[1];
    if (name !== undefined) return { kind, name };
  }
  return undefined;
}

function rightSized({ kind, name }: Owner): { kind: WorkloadKind; name: string } | undefined {
  const known = WORKLOAD_KINDS.find((candidate) => candidate === kind);
  return known && { kind: known, name };
}
