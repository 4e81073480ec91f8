import { workloadController } from 'optipod/lib/optipod';
import { annotationsFor } from 'optipod/lib/recommend';
import type { Cluster } from '../cluster.js';
import { createController, isConflict, isNotFound, type Controller, type KubeClient } from '../runtime/index.js';
import { annotate } from './annotate.js';
import { parseWorkloadKey } from './workload.js';

/** A rollout or a burst of edits is one change to a policy. */
const SETTLE_MS = 1000;

export interface WorkloadsContext {
  readonly client: KubeClient;
  readonly cluster: Cluster;
  /** Has a policy evaluated soon: `<namespace>/<name>`. */
  readonly enqueuePolicy: (key: string, afterMs: number) => void;
}

/**
 * Keeps every workload's annotations in line with the policy that governs it, without any usage: what no policy stands
 * behind any more disappears at once, and a policy that gains a workload is evaluated soon. Keys are
 * `<kind>/<namespace>/<name>`.
 */
export function workloads({ client, cluster, enqueuePolicy }: WorkloadsContext): Controller {
  const governors = new Map<string, string>();
  return createController({
    name: workloadController.name,
    async reconcile(key) {
      const workload = cluster.workload(parseWorkloadKey(key));
      if (!workload) {
        governors.delete(key);
        return;
      }
      const policy = cluster.governor(workload);
      const identity = policy && `${policy.metadata.uid} ${workload.metadata.uid}`;
      if (policy && identity !== undefined && governors.get(key) !== identity) {
        enqueuePolicy(`${policy.metadata.namespace ?? ''}/${policy.metadata.name}`, SETTLE_MS);
      }
      if (identity === undefined) governors.delete(key);
      else governors.set(key, identity);
      try {
        await annotate(client, workload, annotationsFor({ policy, workload }));
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
    },
  });
}
