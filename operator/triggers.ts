import { isDeepStrictEqual } from 'node:util';
import type { ObjectMeta } from 'optipod/kube';
import { rolloutObstacle } from 'optipod/lib/apply';
import { isPaused, WEBHOOK_NAMESPACE_LABEL } from 'optipod/lib/optipod';
import { writesTemplate } from 'optipod/lib/recommend';
import { policyKey, type Cluster } from './cluster.js';
import type { Controller } from './runtime/index.js';
import { workloadKey, type Workload } from './workloads/workload.js';

export interface TriggerTargets {
  readonly policies: Controller;
  readonly workloads: Controller;
  /** Has a policy evaluated soon: `<namespace>/<name>`. */
  readonly evaluateSoon: (key: string) => void;
}

export interface Triggers {
  /** To be called when the webhook became ready, or ceased to be. */
  readonly webhookChanged: () => void;
}

/** Turns what happens in the cluster into keys to work on. */
export function connectTriggers(cluster: Cluster, { policies, workloads, evaluateSoon }: TriggerTargets): Triggers {
  const { caches } = cluster;
  const allWorkloads = (namespace?: string) => {
    for (const workload of cluster.workloads(namespace)) workloads.enqueue(workloadKey(workload));
  };
  const allPolicies = () => {
    for (const policy of caches.policies.list()) evaluateSoon(policyKey(policy));
  };
  /** Where a policy writes to the template, a rollout may have been what it waited for. */
  const evaluateTemplate = (workload: Workload) => {
    const policy = cluster.governor(workload);
    if (policy && writesTemplate(policy.spec)) evaluateSoon(policyKey(policy));
  };

  caches.policies.onEvent((event) => {
    // Status writes, our own first of all, change no generation.
    if (event.type === 'updated' && event.previous.metadata.generation === event.object.metadata.generation) return;
    policies.enqueue(policyKey(event.object));
    allWorkloads();
  });
  caches.namespaces.onEvent((event) => {
    if (event.type === 'updated' && saysTheSame(event.previous.metadata, event.object.metadata)) return;
    const { name } = event.object.metadata;
    const was = event.type === 'updated' && isPaused(event.previous.metadata.annotations);
    const is = event.type !== 'deleted' && isPaused(event.object.metadata.annotations);
    if (name === cluster.scope.ownNamespace && was !== is) {
      allWorkloads();
      for (const policy of caches.policies.list()) policies.enqueue(policyKey(policy));
    }
    allWorkloads(name);
    if (event.type === 'updated' && optsIn(event.previous.metadata) !== optsIn(event.object.metadata)) {
      for (const workload of cluster.workloads(name)) {
        const policy = cluster.governor(workload);
        if (policy) evaluateSoon(policyKey(policy));
      }
    }
  });
  for (const informer of Object.values(caches.workloads)) {
    informer.onEvent((event) => {
      if (event.type === 'updated' && isFreed(event.previous, event.object)) evaluateTemplate(event.object);
      if (event.type === 'updated' && isUnchanged(event.previous, event.object)) return;
      const wasThere = event.type === 'added' && event.initial === true;
      workloads.enqueue(workloadKey(event.object), { priority: wasThere ? 'low' : 'high' });
    });
  }
  return { webhookChanged: allPolicies };
}

/** Whether the webhook is asked about a namespace's pods, which policies tell of. */
function optsIn({ labels }: ObjectMeta): boolean {
  return labels?.[WEBHOOK_NAMESPACE_LABEL.key] === WEBHOOK_NAMESPACE_LABEL.value;
}

/** Whether what kept pods from being replaced is over, be something else in the way now; whatever the setting for single replicas. */
function isFreed(before: Workload, after: Workload): boolean {
  return [true, false].some((singleReplica) => {
    const obstacle = rolloutObstacle(before, { singleReplica });
    return obstacle !== undefined && obstacle.reason !== rolloutObstacle(after, { singleReplica })?.reason;
  });
}

/** A Deployment's status changes with every pod. */
function isUnchanged(before: Workload, after: Workload): boolean {
  return (
    before.content === after.content &&
    saysTheSame(before.metadata, after.metadata) &&
    isDeepStrictEqual(before.pod, after.pod)
  );
}

function saysTheSame(before: ObjectMeta, after: ObjectMeta): boolean {
  return (
    before.uid === after.uid &&
    before.deletionTimestamp === after.deletionTimestamp &&
    isDeepStrictEqual(before.labels, after.labels) &&
    isDeepStrictEqual(before.annotations, after.annotations)
  );
}
