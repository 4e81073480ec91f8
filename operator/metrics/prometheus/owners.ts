import type { Labels } from './matrix.js';

/** Collects whose pods are whose from kube-state-metrics' series: of pods through ReplicaSets to Deployments. */
export interface OwnerTable {
  /** @param labels of one series of the query for owners */
  add(labels: Labels): void;
  /** Everything that is known now. */
  each(tell: (namespace: string, pod: string, owner: Owner) => void): void;
}

interface Owner {
  readonly kind: string;
  readonly name: string;
}

export function ownerTable(): OwnerTable {
  const pods = new Map<string, { readonly namespace: string; readonly pod: string; readonly owner: Owner }>();
  const replicaSets = new Map<string, Owner>();
  return {
    add({ owner_kind: kind = '', owner_name: name = '', ...labels }) {
      const namespace = labels.exported_namespace ?? labels.namespace ?? '';
      const owner = { kind, name };
      // A series about a ReplicaSet may say in which pod kube-state-metrics itself runs.
      if (labels.replicaset !== undefined) replicaSets.set(`${namespace}/${labels.replicaset}`, owner);
      else {
        const pod = labels.exported_pod ?? labels.pod ?? '';
        pods.set(`${namespace}/${pod}`, { namespace, pod, owner });
      }
    },
    each(tell) {
      for (const { namespace, pod, owner } of pods.values()) {
        const above = owner.kind === 'ReplicaSet' ? replicaSets.get(`${namespace}/${owner.name}`) : undefined;
        tell(namespace, pod, above ?? owner);
      }
    },
  };
}
