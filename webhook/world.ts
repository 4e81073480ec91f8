import type { KubeObject, ObjectMeta } from 'optipod/kube';
import { ownAnnotations, readInjection, type StoredPolicy } from 'optipod/lib/api';
import { WEBHOOK_NAMESPACE_LABEL } from 'optipod/lib/optipod';
import { WORKLOAD_KINDS, type PolicyWorld, type SelectionScope, type WorkloadKind } from 'optipod/lib/policy';
import type { Informer } from '@optipod/operator/runtime';
import type { InjectedWorkload, ReplicaSetOwnership } from './pods.js';

/** What the webhook keeps of a workload: who it is, what its pods are given, and what policies select it by. */
export type WorkloadMetadata = InjectedWorkload & Pick<ObjectMeta, 'labels' | 'annotations'>;

/** What the webhook keeps of a namespace: what policies select it by. */
export type NamespaceMetadata = Pick<ObjectMeta, 'name' | 'labels' | 'annotations' | 'deletionTimestamp'>;

type Known<T> = Pick<Informer<T>, 'list' | 'hasSynced'>;

export interface WorldCaches {
  readonly policies: Known<StoredPolicy>;
  readonly namespaces: Known<NamespaceMetadata>;
  readonly workloads: Readonly<Record<WorkloadKind, Known<WorkloadMetadata>>>;
}

/** The cluster as policies are held against it, from memory; undefined where memory is not complete yet. */
export function worldOf(
  { policies, namespaces, workloads }: WorldCaches,
  scope: SelectionScope,
): PolicyWorld | undefined {
  if (![policies, namespaces, ...Object.values(workloads)].every(({ hasSynced }) => hasSynced)) return undefined;
  return {
    policies: policies
      .list()
      .flatMap((policy) => (policy.valid && policy.metadata.deletionTimestamp === undefined ? [policy.object] : [])),
    namespaces: namespaces
      .list()
      .filter(({ deletionTimestamp }) => deletionTimestamp === undefined)
      .map((metadata) => ({ metadata })),
    workloads: (name) =>
      WORKLOAD_KINDS.flatMap((kind) =>
        workloads[kind].list(name).map((metadata) => ({ kind, metadata: { ...metadata, namespace: name } })),
      ),
    optIn: WEBHOOK_NAMESPACE_LABEL,
    scope,
  };
}

export function ownership({ metadata: { uid, ownerReferences } }: KubeObject): ReplicaSetOwnership {
  return { uid, ...(ownerReferences ? { ownerReferences } : {}) };
}

/** OptiPod's own annotations are read once for all pods, and not kept as they stand. */
export function workloadMetadata({ metadata }: KubeObject): WorkloadMetadata {
  const { uid, name, labels, annotations } = metadata;
  const injection = readInjection(annotations);
  const own = ownAnnotations(annotations);
  const others = Object.entries(annotations ?? {}).filter(([key]) => !Object.hasOwn(own, key));
  return {
    uid,
    name,
    ...(labels ? { labels } : {}),
    ...(others.length > 0 ? { annotations: Object.fromEntries(others) } : {}),
    ...(injection ? { injection } : {}),
  };
}

export function namespaceMetadata({ metadata }: KubeObject): NamespaceMetadata {
  const { name, labels, annotations, deletionTimestamp } = metadata;
  return {
    name,
    ...(labels ? { labels } : {}),
    ...(annotations ? { annotations } : {}),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  };
}
