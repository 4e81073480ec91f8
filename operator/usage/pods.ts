import { compareQuantities, parseQuantity, type KubeObject, type QuantityValue } from 'optipod/kube';
import { podHealth, type PodHealth } from 'optipod/lib/apply';
import {
  oomKillsOf,
  oomKillsOfEviction,
  type EvictionEvent,
  type KilledContainer,
  type NamedWorkload,
  type PodWithStatus,
  type WorkloadContainer,
} from 'optipod/lib/usage';
import type { Informer } from '../runtime/index.js';
import type { Workload } from '../workloads/workload.js';
import type { UsageHistory } from './history.js';

/** A pod as far as usage, and what becomes of a recommendation, are read from it. */
export type SeenPod = Pick<PodWithStatus, 'metadata' | 'spec' | 'status'> & { readonly health: PodHealth };

/** The projection of pods on their way into the cache: who controls it, its resources, and which containers were OOM-killed. */
export function seenPod(pod: PodWithStatus): SeenPod {
  const { metadata, spec, status = {} } = pod;
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp } = metadata;
  const controller = metadata.ownerReferences?.find((owner) => owner.controller === true);
  const essential = ({ name: of, resources, restartPolicy }: PodWithStatus['spec']['containers'][number]) => ({
    name: of,
    ...(resources ? { resources } : {}),
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
  });
  return {
    metadata: {
      name,
      uid,
      resourceVersion,
      creationTimestamp,
      ...(namespace === undefined ? {} : { namespace }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(controller ? { ownerReferences: [controller] } : {}),
    },
    spec: {
      containers: spec.containers.map(essential),
      ...(spec.initContainers ? { initContainers: spec.initContainers.map(essential) } : {}),
    },
    status: {
      containerStatuses: (status.containerStatuses ?? []).flatMap(killed),
      initContainerStatuses: (status.initContainerStatuses ?? []).flatMap(killed),
    },
    health: podHealth(pod),
  };
}

type ContainerStatuses = NonNullable<NonNullable<PodWithStatus['status']>['containerStatuses']>;

/** Of the statuses, those that tell of a kill: the others change all the time and say nothing here. */
function killed(status: ContainerStatuses[number]): ContainerStatuses {
  const { name, state, lastState, resources } = status;
  const tells = [state, lastState].some((one) => one?.terminated?.reason === 'OOMKilled');
  if (!tells) return [];
  return [
    { name, ...(state ? { state } : {}), ...(lastState ? { lastState } : {}), ...(resources ? { resources } : {}) },
  ];
}

export interface PodSources {
  readonly pods: Informer<SeenPod>;
  /** Events of evictions. */
  readonly evictions: Informer<KubeObject>;
  readonly histories: readonly UsageHistory[];
  /** A container was killed that is remembered for it from now on. */
  readonly onKill: (of: WorkloadContainer) => void;
}

/** Tells histories whose pods are, and what was killed for want of memory. */
export function followPods({ pods, evictions, histories, onKill }: PodSources): void {
  const note = (kills: readonly KilledContainer[]) => {
    for (const kill of kills) {
      // Not stopping at the first: each history remembers for itself.
      const [news] = histories.map((history) => history.addOomKill(kill)).filter((of) => of !== undefined);
      if (news) onKill(news);
    }
  };
  pods.onEvent(({ type, object }) => {
    const { namespace = '', name, ownerReferences = [] } = object.metadata;
    if (type === 'deleted') {
      for (const { owners } of histories) owners.left(namespace, name);
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

/** The pods of a workload that are there to stay. */
export function podsOf(pods: Informer<SeenPod>, history: UsageHistory, workload: Workload): SeenPod[] {
  const { namespace, name } = workload.metadata;
  const names = history.namesIn(namespace);
  const isOwn = (owner: NamedWorkload | 'stranger' | undefined) =>
    owner !== undefined && owner !== 'stranger' && owner.kind === workload.kind && owner.name === name;
  return pods
    .list(namespace)
    .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    .filter(({ metadata }) => isOwn(history.owners.certain(namespace, metadata.name, names)));
}

/**
 * The containers whose memory request, as it was last written, every one of these pods has.
 * @param requested by container; without a pod nothing is in effect
 */
export function memoryInEffect(
  pods: readonly SeenPod[],
  requested: ReadonlyMap<string, QuantityValue | undefined>,
): ReadonlySet<string> {
  const inEffect = new Set<string>();
  for (const [container, request] of requested) {
    const wanted = request === undefined ? undefined : parseQuantity(request);
    if (!wanted || pods.length === 0) continue;
    const has = ({ spec }: SeenPod) => {
      const found = [...spec.containers, ...(spec.initContainers ?? [])].find(({ name }) => name === container);
      const there = parseQuantity(found?.resources?.requests?.memory ?? '');
      return there !== undefined && compareQuantities(there, wanted) === 0;
    };
    if (pods.every(has)) inEffect.add(container);
  }
  return inEffect;
}
