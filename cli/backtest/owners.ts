import { WORKLOAD_KINDS, type WorkloadKind } from '../../lib/policy/index.js';
import { RANDOM_CHARACTER } from '../../lib/usage/index.js';
import type { Owner } from '../../operator/metrics/prometheus/owners.js';

/** Who controlled a pod, as recorded, by `<namespace>/<name>`: of a ReplicaSet its own controller, where that was recorded. */
export type RecordedOwners = ReadonlyMap<string, Owner>;

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
  const owner = recorded.get(`${namespace}/${pod}`);
  if (!owner) return named(pod);
  if (owner.kind !== 'ReplicaSet') return rightSized(owner);
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
