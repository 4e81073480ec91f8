import type { Labels } from './matrix.js';
import type { Names } from './queries.js';

/** Collects whose pods are whose from kube-state-metrics' series: of pods through ReplicaSets to Deployments. */
export interface OwnerTable {
  /** @param labels of one series of the query for owners */
  add(labels: Labels): void;
  /** Everything that is known now. */
  each(tell: (namespace: string, pod: string, owner: Owner) => void): void;
}

/** Who controls a pod. */
export interface Owner {
  readonly kind: string;
  readonly name: string;
}

/** @param names of the labels of usage, which owners' series may have as well */
export function ownerTable({ namespaceLabel, podLabel }: Pick<Names, 'namespaceLabel' | 'podLabel'>): OwnerTable {
  // What a scrape has of its own is called `namespace` and `pod`: what has another name is about the pod.
  const own = (label: string, labels: Labels) => (['namespace', 'pod'].includes(label) ? undefined : labels[label]);
  const pods = new Map<string, { readonly namespace: string; readonly pod: string; readonly owner: Owner }>();
  const replicaSets = new Map<string, Owner>();
  return {
    add({ owner_kind: kind = '', owner_name: name = '', ...labels }) {
      const namespace = own(namespaceLabel, labels) ?? labels.exported_namespace ?? labels.namespace ?? '';
      const owner = { kind, name };
      // A series about a ReplicaSet may say in which pod kube-state-metrics itself runs.
      if (labels.replicaset !== undefined) replicaSets.set(`${namespace}/${labels.replicaset}`, owner);
      else {
        const pod = own(podLabel, labels) ?? labels.exported_pod ?? labels.pod ?? '';
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
