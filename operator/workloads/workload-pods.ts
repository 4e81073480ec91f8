import { workloadOfPod } from 'optipod/lib/pod';
import type { Informer } from '../runtime/index.js';
import type { SeenPod } from '../usage/pods.js';
import { workloadKey, type Workload } from './workload.js';

/** The pods of each workload, in step with the cache. */
export interface WorkloadPods {
  /**
   * Those on their way out among them.
   * @param key `<kind>/<namespace>/<name>`
   */
  of(key: string): readonly SeenPod[];
  /** Those that are there to stay. */
  readonly staying: (workload: Workload) => readonly SeenPod[];
}

/** The workload that a pod says it is of, `<kind>/<namespace>/<name>`, whether there is such a one or not. */
export function workloadKeyOfPod({ metadata }: SeenPod): string | undefined {
  const { namespace = '' } = metadata;
  const workload = workloadOfPod(metadata);
  return workload && workloadKey({ kind: workload.kind, metadata: { namespace, name: workload.name } });
}

/** @param onChange told of every change of a workload's pods */
export function workloadPods(
  pods: Pick<Informer<SeenPod>, 'onEvent'>,
  onChange: (key: string, isFirstList: boolean) => void,
): WorkloadPods {
  const byWorkload = new Map<string, Map<string, SeenPod>>();
  pods.onEvent((event) => {
    const { type, object } = event;
    const { uid } = object.metadata;
    const key = workloadKeyOfPod(object);
    if (key === undefined) return;
    const own = byWorkload.get(key) ?? new Map<string, SeenPod>();
    if (type === 'deleted') own.delete(uid);
    else own.set(uid, object);
    if (own.size > 0) byWorkload.set(key, own);
    else byWorkload.delete(key);
    // A namesake may have come without a word about the end of the one before.
    if (type === 'updated' && event.previous.metadata.uid !== uid) own.delete(event.previous.metadata.uid);
    onChange(key, type === 'added' && event.initial === true);
  });
  const of = (key: string) => [...(byWorkload.get(key)?.values() ?? [])];
  return {
    of,
    staying: (workload) => of(workloadKey(workload)).filter(({ metadata }) => metadata.deletionTimestamp === undefined),
  };
}
