import type { ObjectMeta, PodSpec, WorkloadObject } from 'optipod/kube';
import type { WorkloadKind } from 'optipod/lib/policy';

/** A workload as the cache holds it: what selection, recommendation and annotations read. */
export interface Workload {
  readonly kind: WorkloadKind;
  readonly metadata: ObjectMeta & { readonly namespace: string };
  /** The template's pod, with nothing of its containers but names and resources. */
  readonly pod: PodSpec;
  /** How many pods it is to have. */
  readonly replicas: number;
}

/** The projection of a kind's objects on their way into the cache. */
function workloadOf(kind: WorkloadKind): (object: WorkloadObject) => Workload {
  return ({ metadata, spec: { template, replicas }, status }) => {
    const { containers, initContainers, resources, priorityClassName } = template.spec;
    const { name, uid, resourceVersion, creationTimestamp, namespace = '', labels, annotations } = metadata;
    return {
      kind,
      metadata: {
        name,
        namespace,
        uid,
        resourceVersion,
        creationTimestamp,
        ...(labels ? { labels } : {}),
        ...(annotations ? { annotations } : {}),
      },
      pod: {
        containers: containers.map(essential),
        ...(initContainers ? { initContainers: initContainers.map(essential) } : {}),
        ...(resources ? { resources } : {}),
        ...(priorityClassName === undefined ? {} : { priorityClassName }),
      },
      replicas: replicas ?? status?.desiredNumberScheduled ?? 1,
    };
  };
}

export const WORKLOAD_PROJECTIONS = {
  Deployment: workloadOf('Deployment'),
  StatefulSet: workloadOf('StatefulSet'),
  DaemonSet: workloadOf('DaemonSet'),
} as const;

function essential({ name, resources, restartPolicy }: PodSpec['containers'][number]): PodSpec['containers'][number] {
  return { name, ...(resources ? { resources } : {}), ...(restartPolicy === undefined ? {} : { restartPolicy }) };
}

/** `Deployment/shop/web`: the key of a workload in queues and logs. */
export function workloadKey({
  kind,
  metadata: { namespace, name },
}: Pick<Workload, 'kind'> & { readonly metadata: { readonly namespace: string; readonly name: string } }): string {
  return `${kind}/${namespace}/${name}`;
}

export function parseWorkloadKey(key: string): {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
} {
  const [kind = '', namespace = '', name = ''] = key.split('/');
  return { kind: kind as WorkloadKind, namespace, name };
}
