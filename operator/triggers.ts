import { isDeepStrictEqual } from 'node:util';
import type { ObjectMeta } from 'optipod/kube';
import type { StoredPolicy } from 'optipod/lib/api';
import type { Cluster } from './cluster.js';
import type { Controller } from './runtime/index.js';
import { workloadKey, type Workload } from './workloads/workload.js';

/** A burst of edits is one change to a policy. */
const SETTLE_MS = 1000;

export interface Triggers {
  readonly policies: Controller;
  readonly workloads: Controller;
  /** To be called when the webhook became ready, or ceased to be. */
  readonly webhookChanged: () => void;
}

/** Turns what happens in the cluster into keys to work on. */
export function connectTriggers(cluster: Cluster, { policies, workloads }: Omit<Triggers, 'webhookChanged'>): Triggers {
  const { caches } = cluster;
  const allWorkloads = (namespace?: string) => {
    for (const workload of cluster.workloads(namespace)) workloads.enqueue(workloadKey(workload));
  };
  const allPolicies = () => {
    for (const policy of caches.policies.list()) policies.enqueueAfter(policyKey(policy), SETTLE_MS);
  };

  caches.policies.onEvent((event) => {
    // Status writes, our own first of all, change no generation.
    if (event.type === 'updated' && event.previous.metadata.generation === event.object.metadata.generation) return;
    if (event.type !== 'deleted') policies.enqueue(policyKey(event.object));
    allWorkloads();
  });
  caches.namespaces.onEvent((event) => {
    if (event.type === 'updated' && saysTheSame(event.previous.metadata, event.object.metadata)) return;
    allWorkloads(event.object.metadata.name);
    if (event.type === 'updated') allPolicies();
  });
  for (const informer of Object.values(caches.workloads)) {
    informer.onEvent((event) => {
      if (event.type === 'updated' && isUnchanged(event.previous, event.object)) return;
      workloads.enqueue(workloadKey(event.object));
    });
  }
  return { policies, workloads, webhookChanged: allPolicies };
}

function policyKey({ metadata }: StoredPolicy): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}

/** A Deployment's status changes with every pod. */
function isUnchanged(before: Workload, after: Workload): boolean {
  return saysTheSame(before.metadata, after.metadata) && isDeepStrictEqual(before.pod, after.pod);
}

function saysTheSame(before: ObjectMeta, after: ObjectMeta): boolean {
  return (
    before.uid === after.uid &&
    before.deletionTimestamp === after.deletionTimestamp &&
    isDeepStrictEqual(before.labels, after.labels) &&
    isDeepStrictEqual(before.annotations, after.annotations)
  );
}
