import type { Container, ContainerStatus, KubeObject, Pod } from 'optipod/kube';
import { podHealth, resizeVerdict, type PodHealth, type ResizeVerdict } from 'optipod/lib/apply';
import { resizedAt, TEMPLATE_HASH_LABEL } from 'optipod/lib/pod';
import { oomKillsOf, oomKillsOfEviction, type EvictionEvent, type KilledContainer } from 'optipod/lib/usage';
import type { Informer } from '../runtime/index.js';
import type { UsageHistory } from './history.js';

/** A pod as far as usage, and what becomes of a recommendation, are read from it. */
export interface SeenPod extends Pick<Pod, 'metadata' | 'spec'> {
  readonly status: {
    /** Pending, Running, Succeeded, Failed or Unknown. */
    readonly phase?: string;
    /** Of those that were restarted, wait, or were OOM-killed. */
    readonly containerStatuses: readonly ContainerStatus[];
    readonly initContainerStatuses: readonly ContainerStatus[];
  };
  readonly isReady: boolean;
  readonly health: PodHealth;
  /** When it was last asked to be resized in place: seconds since 1970. */
  readonly resizedAt?: number;
  /** Where containers do not have yet what the spec says. */
  readonly resize?: ResizeVerdict;
}

/** The projection of pods on their way into the cache: there may be a hundred thousand, and little of each is kept. */
export function seenPod(pod: Pod): SeenPod {
  const { metadata, spec, status = {} } = pod;
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, generation = 1 } = metadata;
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
  const hash = metadata.labels?.[TEMPLATE_HASH_LABEL];
  const { containers, initContainers, resources, nodeName, os } = spec;
  const resize = resizeVerdict(pod);
  const resized = resizedAt(pod);
  return {
    metadata: {
      name,
      uid,
      resourceVersion,
      creationTimestamp,
      // It counts the resizes.
      ...(generation > 1 ? { generation } : {}),
      ...(namespace === undefined ? {} : { namespace }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(hash === undefined ? {} : { labels: { [TEMPLATE_HASH_LABEL]: hash } }),
      ...(controller ? { ownerReferences: [controller] } : {}),
    },
    spec: {
      containers: containers.map(essential),
      ...(initContainers ? { initContainers: initContainers.map(essential) } : {}),
      ...(resources ? { resources } : {}),
      ...(nodeName === undefined ? {} : { nodeName }),
      ...(os ? { os } : {}),
    },
    status: {
      ...(status.phase === undefined ? {} : { phase: status.phase }),
      containerStatuses: tellingOf(status.containerStatuses),
      initContainerStatuses: tellingOf(status.initContainerStatuses),
    },
    isReady: (status.conditions ?? []).some((condition) => condition.type === 'Ready' && condition.status === 'True'),
    ...(resized === undefined ? {} : { resizedAt: resized }),
    ...(resize ? { resize } : {}),
    health: podHealth(pod),
  };
}

function essential({ name, resources, restartPolicy, resizePolicy }: Container): Container {
  // kube-apiserver writes a policy for every resource; what restarts nothing is as good as unsaid.
  const restarting = (resizePolicy ?? []).filter((policy) => policy.restartPolicy === 'RestartContainer');
  return {
    name,
    ...(resources ? { resources } : {}),
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
    ...(restarting.length > 0 ? { resizePolicy: restarting } : {}),
  };
}

/** One for all pods that are well. */
const NONE: readonly ContainerStatus[] = [];

/** Of the statuses, those that tell of trouble: the others change all the time and say nothing here. */
function tellingOf(statuses: readonly ContainerStatus[] = NONE): readonly ContainerStatus[] {
  const found = statuses.flatMap(telling);
  return found.length === 0 ? NONE : found;
}

function telling({ name, state = {}, lastState, resources, restartCount = 0 }: ContainerStatus): ContainerStatus[] {
  const isKilled = [state, lastState].some((one) => one?.terminated?.reason === 'OOMKilled');
  if (!isKilled && restartCount === 0 && !state.waiting) return [];
  const now = isKilled ? state : state.waiting ? { waiting: { reason: state.waiting.reason ?? '' } } : {};
  return [
    {
      name,
      ...(restartCount > 0 ? { restartCount } : {}),
      ...(Object.keys(now).length > 0 ? { state: now } : {}),
      ...(isKilled && lastState ? { lastState } : {}),
      ...(isKilled && resources ? { resources } : {}),
    },
  ];
}

export interface PodSources {
  readonly pods: Informer<SeenPod>;
  /** Events of evictions. */
  readonly evictions: Informer<KubeObject>;
  readonly histories: readonly UsageHistory[];
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Tells histories whose pods are, and what was killed for want of memory. */
export function followPods({ pods, evictions, histories, now }: PodSources): void {
  const note = (kills: readonly KilledContainer[]) => {
    for (const kill of kills) for (const history of histories) history.addOomKill(kill);
  };
  pods.onEvent(({ type, object }) => {
    const { namespace = '', name, ownerReferences = [] } = object.metadata;
    if (type === 'deleted') {
      for (const history of histories) {
        history.tidy(Math.floor(now() / 1000));
        history.owners.left(namespace, name);
      }
      return;
    }
    const [controller] = ownerReferences;
    for (const { owners } of histories) owners.seen(namespace, name, controller ?? 'stranger');
    note(oomKillsOf(object));
  });
  evictions.onEvent(({ type, object }) => {
    if (type !== 'deleted') note(oomKillsOfEviction(object as EvictionEvent));
  });
}
