import { hash } from 'node:crypto';
import type { ObjectMeta, PodSpec, WorkloadObject } from 'optipod/kube';
import { resourceManagers, type ResourceManager, type Rollout } from 'optipod/lib/apply';
import type { WorkloadKind } from 'optipod/lib/policy';

/** A workload as the cache holds it: what selection, recommendation and annotations read. */
export interface Workload {
  readonly kind: WorkloadKind;
  readonly metadata: ObjectMeta & { readonly namespace: string };
  /** The template's pod, with nothing of its containers but names and resources. */
  readonly pod: PodSpec;
  /** How many pods it is to have. */
  readonly replicas: number;
  /** When a rolling restart was last asked for, as `kubectl rollout restart` notes it. */
  readonly restartedAt?: string;
  /**
   * A hash of what its author says in the template: CPU and memory of its containers and the instant of a restart left out, which an
   * apply or a restart of ours changes.
   */
  readonly content: string;
  /** How its pods are replaced, and how far that is. */
  readonly rollout: Rollout;
  /** Who said which resources of the template's containers. */
  readonly managers: readonly ResourceManager[];
}

/** In the template's annotations; another value there makes new pods. */
export const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

/** The projection of a kind's objects on their way into the cache. */
function workloadOf(kind: WorkloadKind): (object: WorkloadObject) => Workload {
  return (object) => {
    const { metadata, spec, status } = object;
    const { template, replicas } = spec;
    const { containers, initContainers, resources, priorityClassName } = template.spec;
    const restartedAt = template.metadata?.annotations?.[RESTARTED_AT];
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
      content: hashOf(contentOf(template)),
      ...(restartedAt === undefined ? {} : { restartedAt }),
      rollout: rolloutOf(object),
      managers: resourceManagers(metadata.managedFields),
    };
  };
}

export const WORKLOAD_PROJECTIONS = {
  Deployment: workloadOf('Deployment'),
  StatefulSet: workloadOf('StatefulSet'),
  DaemonSet: workloadOf('DaemonSet'),
} as const;

/** The same for what is the same as JSON. */
export function hashOf(value: unknown): string {
  return hash('sha256', JSON.stringify(value)).slice(0, 16);
}

function contentOf({ metadata, spec }: WorkloadObject['spec']['template']): unknown {
  const { [RESTARTED_AT]: _, ...annotations } = metadata?.annotations ?? {};
  const others = (amounts: Readonly<Record<string, unknown>> = {}) =>
    Object.entries(amounts).filter(([resource]) => resource !== 'cpu' && resource !== 'memory');
  const plain = (containers: PodSpec['containers'] = []) =>
    containers.map(({ resources = {}, ...container }) => {
      const { requests, limits, ...rest } = resources;
      return { ...container, resources: { ...rest, requests: others(requests), limits: others(limits) } };
    });
  const { containers, initContainers } = spec;
  return {
    metadata: { ...metadata, annotations },
    spec: { ...spec, containers: plain(containers), initContainers: plain(initContainers) },
  };
}

function rolloutOf({ metadata, spec, status = {} }: WorkloadObject): Rollout {
  const { type = 'RollingUpdate' } = spec.strategy ?? spec.updateStrategy ?? {};
  const { currentRevision, updateRevision } = status;
  return {
    type,
    paused: spec.paused === true,
    partition: spec.updateStrategy?.rollingUpdate?.partition ?? 0,
    isObserved: (status.observedGeneration ?? 0) >= (metadata.generation ?? 0),
    pods: status.replicas ?? status.desiredNumberScheduled ?? 0,
    updated: status.updatedReplicas ?? status.updatedNumberScheduled ?? 0,
    available: status.availableReplicas ?? status.numberAvailable ?? 0,
    isCurrent: updateRevision === undefined || currentRevision === updateRevision,
    failed: (status.conditions ?? []).some(
      (condition) => condition.type === 'Progressing' && condition.status === 'False',
    ),
  };
}

function essential(container: PodSpec['containers'][number]): PodSpec['containers'][number] {
  const { name, resources, restartPolicy, resizePolicy } = container;
  return {
    name,
    ...(resources ? { resources } : {}),
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
    ...(resizePolicy ? { resizePolicy } : {}),
  };
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
