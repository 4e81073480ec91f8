import { apiVersionOf, Deployment, type KubeObject } from 'optipod/kube';
import type { Workload } from './workload.js';

/** A workload as an Event needs it: the cache keeps no apiVersion, which all three kinds have in common. */
export function onWorkload({ kind, metadata }: Workload): KubeObject {
  return { apiVersion: apiVersionOf(Deployment), kind, metadata };
}
