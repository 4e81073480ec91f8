import type { ContainerStatus, Pod } from '../kube/index.js';

/** What a container went through, most lately. */
export interface Trouble {
  readonly container: string;
  readonly what: 'OOMKilled' | 'CrashLoopBackOff';
  /** Seconds since 1970: when it last ended. */
  readonly at: number;
}

/** How a pod is, as far as other resources may be to blame. */
export interface PodHealth {
  /** Seconds since 1970; absent while it is ready, and while its node does not know. */
  readonly unreadySince?: number;
  readonly troubles: readonly Trouble[];
}

/** What a pod's status says of it; one that no kubelet told of yet is not ready since it was made. */
export function podHealth({ metadata, status = {} }: Pod): PodHealth {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const since = Date.parse(ready?.lastTransitionTime ?? metadata.creationTimestamp) / 1000;
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  return {
    // Unknown is what a node that is away makes of all its pods.
    ...((ready?.status ?? 'False') === 'False' && !Number.isNaN(since) ? { unreadySince: since } : {}),
    troubles: statuses.flatMap(troublesOf),
  };
}

function troublesOf({ name: container, state, lastState }: ContainerStatus): Trouble[] {
  const ends = [state?.terminated, lastState?.terminated].flatMap((end) => {
    const at = Date.parse(end?.finishedAt ?? '') / 1000;
    return Number.isNaN(at) ? [] : [{ reason: end?.reason, at }];
  });
  const killed = ends.find(({ reason }) => reason === 'OOMKilled');
  const [last] = ends;
  return [
    ...(killed ? [{ container, what: 'OOMKilled' as const, at: killed.at }] : []),
    ...(state?.waiting?.reason === 'CrashLoopBackOff' && last
      ? [{ container, what: 'CrashLoopBackOff' as const, at: last.at }]
      : []),
  ];
}
