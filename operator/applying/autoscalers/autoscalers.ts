import type { KubeObject } from 'optipod/kube';
import {
  holdsOfAutoscaler,
  horizontalAutoscaler,
  scaledObject,
  verticalAutoscaler,
  type Autoscaler,
} from 'optipod/lib/apply';
import { resizableContainers } from 'optipod/lib/pod';
import type { ClusterHold } from 'optipod/lib/recommend';
import type { Informer } from '../../runtime/index.js';
import { workloadKey, type Workload } from '../../workloads/workload.js';

/** An autoscaler as the cache holds it: its name, and what it holds where it holds anything. */
export interface SeenAutoscaler {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly holder: Autoscaler | undefined;
}

/** The projections of autoscalers on their way into the cache, by the names of the uses. */
export const AUTOSCALER_PROJECTIONS = {
  horizontalAutoscalers: seen(horizontalAutoscaler),
  scaledObjects: seen(scaledObject),
  verticalAutoscalers: seen(verticalAutoscaler),
} as const;

export type AutoscalerInformers = Readonly<Record<keyof typeof AUTOSCALER_PROJECTIONS, Informer<SeenAutoscaler>>>;

function seen<O extends KubeObject>(read: (object: O) => Autoscaler | undefined) {
  return (object: O): SeenAutoscaler => {
    const { namespace = '', name } = object.metadata;
    return { metadata: { namespace, name }, holder: read(object) };
  };
}

/**
 * What autoscalers hold, by workload, from memory.
 * @param onChange called with the key of a workload that something else is held of now
 * @returns what is held of a workload: KEDA's own words before those of the HPA that it makes
 */
export function followAutoscalers(
  { scaledObjects, horizontalAutoscalers, verticalAutoscalers }: AutoscalerInformers,
  onChange: (workload: string) => void,
): (workload: Workload) => readonly ClusterHold[] {
  const kinds = [scaledObjects, horizontalAutoscalers, verticalAutoscalers].map((informer) => {
    const holders = new Map<string, Map<string, Autoscaler>>();
    informer.onEvent((event) => {
      const { metadata, holder } = event.object;
      const before = event.type === 'updated' ? event.previous.holder : event.type === 'deleted' ? holder : undefined;
      const after = event.type === 'deleted' ? undefined : holder;
      if (JSON.stringify(before) === JSON.stringify(after)) return;
      const name = `${metadata.namespace}/${metadata.name}`;
      for (const one of [before, after]) {
        if (!one) continue;
        const key = workloadKey({
          kind: one.target.kind,
          metadata: { namespace: metadata.namespace, name: one.target.name },
        });
        const held = holders.get(key) ?? new Map<string, Autoscaler>();
        if (one === after) held.set(name, one);
        else held.delete(name);
        if (held.size > 0) holders.set(key, held);
        else holders.delete(key);
        onChange(key);
      }
    });
    return holders;
  });
  return (workload) => {
    const key = workloadKey(workload);
    const holders = kinds.flatMap((one) => [...(one.get(key)?.values() ?? [])]);
    if (holders.length === 0) return [];
    const containers = resizableContainers(workload.pod).map(({ container }) => container.name);
    return holders.flatMap((holder) => holdsOfAutoscaler(holder, containers));
  };
}
