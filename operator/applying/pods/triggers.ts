import { isDeepStrictEqual } from 'node:util';
import type { LimitRange } from 'optipod/kube';
import type { Cluster } from '../../cluster.js';
import type { NodeCapacity } from '../../constraints.js';
import type { Controller, Informer } from '../../runtime/index.js';
import type { Told } from '../../workloads/recommendation.js';
import { workloadKey } from '../../workloads/workload.js';
import type { Memories } from './memory.js';

/** A rollout is a swarm of changes: the pods of a workload are looked at when it is quiet, and now and then while it is not. */
const SETTLE = { quietMs: 200, maxMs: 2_000 };

export interface PodTriggerSources {
  readonly cluster: Cluster;
  readonly recommendations: Pick<Informer<Told>, 'onEvent'>;
  readonly nodes: Pick<Informer<NodeCapacity>, 'onEvent'>;
  readonly limitRanges: Pick<Informer<LimitRange>, 'onEvent'>;
  readonly memories: Memories;
}

/** Turns what happens in the cluster into workloads whose pods are to be looked at; of pods themselves see `workloadPods`. */
export function connectPodTriggers(
  { cluster, recommendations, nodes, limitRanges, memories }: PodTriggerSources,
  controller: Pick<Controller, 'enqueue'>,
): void {
  const { caches } = cluster;
  const all = (namespace?: string) => {
    for (const workload of cluster.workloads(namespace)) controller.enqueue(workloadKey(workload), { priority: 'low' });
  };
  caches.policies.onEvent((event) => {
    if (event.type === 'updated' && event.previous.metadata.generation === event.object.metadata.generation) return;
    all();
  });
  caches.namespaces.onEvent((event) => {
    const { name, labels } = event.object.metadata;
    if (event.type === 'updated' && isDeepStrictEqual(event.previous.metadata.labels, labels)) return;
    all(name);
  });
  limitRanges.onEvent(({ object }) => all(object.metadata.namespace));
  for (const informer of Object.values(caches.workloads)) {
    informer.onEvent((event) => lookAt(controller, workloadKey(event.object), event.type === 'added' && event.initial));
  }
  // A workload goes back to what it had, or no longer: it may be known of later than what its annotations say.
  recommendations.onEvent((event) => {
    const { metadata, spec, status } = event.object;
    const before = event.type === 'updated' ? event.previous.status : undefined;
    if (isDeepStrictEqual(before?.applying?.suspension, status?.applying?.suspension)) return;
    const { kind, name } = spec.workload;
    lookAt(controller, workloadKey({ kind, metadata: { namespace: metadata.namespace ?? '', name } }));
  });
  // What a node could not give it may give with other allocatable resources.
  nodes.onEvent((event) => {
    if (event.type === 'updated' && isDeepStrictEqual(event.previous, event.object)) return;
    for (const key of memories.waitingForNodes()) controller.enqueue(key, { priority: 'low' });
  });
}

/** What was there before anybody looked waits for what happens now. */
export function lookAt(controller: Pick<Controller, 'enqueue'>, key: string, isFirstList = false): void {
  controller.enqueue(key, { priority: isFirstList ? 'low' : 'high', settle: SETTLE });
}
