import type { KubeObject, ObjectMeta } from 'optipod/kube';
import type { StoredPolicy } from 'optipod/lib/api';
import { governing, type PolicyScope, type SelectionScope, type WorkloadKind } from 'optipod/lib/policy';
import type { Informer } from './runtime/index.js';
import type { Workload } from './workloads/workload.js';

/** A policy that fits the schema. */
export type ValidPolicy = Extract<StoredPolicy, { valid: true }>['object'];

/** What the operator knows of the cluster, from memory. */
export interface ClusterCaches {
  readonly policies: Informer<StoredPolicy>;
  readonly namespaces: Informer<KubeObject>;
  readonly workloads: Readonly<Record<WorkloadKind, Informer<Workload>>>;
}

export class Cluster {
  readonly caches: ClusterCaches;
  /** How far policies reach: the namespace OptiPod runs in, for one, only where they name it. */
  readonly scope: SelectionScope;

  constructor(caches: ClusterCaches, ownNamespace: string, policyScope: PolicyScope = 'Cluster') {
    this.caches = caches;
    this.scope = { ownNamespace, policyScope };
  }

  workload({ kind, namespace, name }: { kind: WorkloadKind; namespace: string; name: string }): Workload | undefined {
    return this.caches.workloads[kind].get(namespace, name);
  }

  /** All workloads, or those of one namespace. */
  workloads(namespace?: string): Workload[] {
    return Object.values(this.caches.workloads).flatMap((informer) => informer.list(namespace));
  }

  namespace(name: string): KubeObject | undefined {
    return this.caches.namespaces.get(undefined, name);
  }

  /** The one policy that acts on a workload; broken ones neither act nor shadow. */
  governor(workload: Workload): ValidPolicy | undefined {
    const namespace = this.namespace(workload.metadata.namespace);
    if (!namespace || isLeaving(namespace)) return undefined;
    return governing(this.#validPolicies(), workload, namespace, this.scope);
  }

  /** A policy as it is now, `<namespace>/<name>`; one that is being deleted, as somebody's finalizer lets it, is gone. */
  policy(key: string): StoredPolicy | undefined {
    const [namespace = '', name = ''] = key.split('/');
    const policy = this.caches.policies.get(namespace, name);
    return policy && !isLeaving(policy) ? policy : undefined;
  }

  /** The workloads that a policy acts on. */
  governed(policy: ValidPolicy): Workload[] {
    return this.workloads().filter((workload) => this.governor(workload)?.metadata.uid === policy.metadata.uid);
  }

  #validPolicies(): ValidPolicy[] {
    return this.caches.policies.list().flatMap((policy) => (policy.valid && !isLeaving(policy) ? [policy.object] : []));
  }
}

/** `<namespace>/<name>`: the key of a policy in queues. */
export function policyKey({ metadata }: { readonly metadata: ObjectMeta }): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** A policy as it was written: another one once it is edited, or made anew under its name. */
export function policyVersion({ metadata: { uid, generation = 0 } }: { readonly metadata: ObjectMeta }): string {
  return `${uid}/${generation}`;
}

function isLeaving({ metadata }: { readonly metadata: ObjectMeta }): boolean {
  return metadata.deletionTimestamp !== undefined;
}
