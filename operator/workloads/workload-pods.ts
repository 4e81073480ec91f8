import { workloadOfPod } from 'optipod/lib/pod';
import type { Informer } from '../runtime/index.js';
import type { SeenPod } from '../usage/pods.js';
import { workloadKey, type Workload } from './workload.js';

/**
 * The pods of each workload, in step with the cache. One that is over is none of them: another is made in its place, and its
 * object may lie around for long, as that of a pod does that its node evicted.
 */
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
  const keep = (key: string, pod: SeenPod) => {
    const own = byWorkload.get(key) ?? new Map<string, SeenPod>();
    own.set(pod.metadata.uid, pod);
    byWorkload.set(key, own);
  };
  const drop = (key: string, { metadata }: SeenPod) => {
    const own = byWorkload.get(key);
    own?.delete(metadata.uid);
    if (own?.size === 0) byWorkload.delete(key);
  };
  pods.onEvent((event) => {
    const { type, object } = event;
    const key = workloadKeyOfPod(object);
    if (type === 'updated') {
      const { previous } = event;
      const before = workloadKeyOfPod(previous);
      // A namesake may have come without a word about the end of the one before; a ReplicaSet releases a pod that is relabelled.
      if (before !== undefined && (before !== key || previous.metadata.uid !== object.metadata.uid)) {
        drop(before, previous);
        if (before !== key) onChange(before, false);
      }
    }
    if (key === undefined) return;
    if (type === 'deleted' || isOver(object)) drop(key, object);
    else keep(key, object);
    onChange(key, type === 'added' && event.initial === true);
  });
  const of = (key: string) => [...(byWorkload.get(key)?.values() ?? [])];
  return {
    of,
    staying: (workload) => of(workloadKey(workload)).filter(({ metadata }) => metadata.deletionTimestamp === undefined),
  };
}

function isOver({ status: { phase } }: SeenPod): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}
