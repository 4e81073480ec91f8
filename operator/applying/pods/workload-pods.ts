import { workloadOfPod } from 'optipod/lib/pod';
import type { Informer } from '../../runtime/index.js';
import type { SeenPod } from '../../usage/pods.js';
import { workloadKey } from '../../workloads/workload.js';

/** The pods of each workload, those on their way out among them, in step with the cache. */
export interface WorkloadPods {
  /** @param key `<kind>/<namespace>/<name>` */
  of(key: string): readonly SeenPod[];
}

/** @param onChange told of every change of a workload's pods */
export function workloadPods(
  pods: Pick<Informer<SeenPod>, 'onEvent'>,
  onChange: (key: string, isFirstList: boolean) => void,
): WorkloadPods {
  const byWorkload = new Map<string, Map<string, SeenPod>>();
  pods.onEvent((event) => {
    const { type, object } = event;
    const { namespace = '', uid } = object.metadata;
    const workload = workloadOfPod(object.metadata);
    if (!workload) return;
    const key = workloadKey({ kind: workload.kind, metadata: { namespace, name: workload.name } });
    const own = byWorkload.get(key) ?? new Map<string, SeenPod>();
    if (type === 'deleted') own.delete(uid);
    else own.set(uid, object);
    if (own.size > 0) byWorkload.set(key, own);
    else byWorkload.delete(key);
    // A namesake may have come without a word about the end of the one before.
    if (type === 'updated' && event.previous.metadata.uid !== uid) own.delete(event.previous.metadata.uid);
    onChange(key, type === 'added' && event.initial === true);
  });
  return { of: (key) => [...(byWorkload.get(key)?.values() ?? [])] };
}
