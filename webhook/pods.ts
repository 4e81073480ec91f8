import {
  apiVersionOf,
  PodKind,
  type AdmissionRequest,
  type AdmissionVerdict,
  type LimitRange,
  type ObjectMeta,
  type Pod,
} from 'optipod/kube';
import { readInjection, type StoredPolicy } from 'optipod/lib/api';
import { podAdmission } from 'optipod/lib/optipod';
import { controllerOf, deploymentOf, patchPod, type OwningWorkload } from 'optipod/lib/pod';
import type { WorkloadKind } from 'optipod/lib/policy';
import type { Informer, Logger } from '@optipod/operator/runtime';
import type { AdmissionHandler, ReviewContext } from './server/index.js';

/** What the webhook keeps of workloads and ReplicaSets: who they are, who owns them, what their annotations say. */
export type ObjectMetadata = Pick<ObjectMeta, 'uid' | 'name' | 'namespace' | 'annotations' | 'ownerReferences'>;

export interface PodReviewSources {
  readonly policies: Pick<Informer<StoredPolicy>, 'list'>;
  readonly replicaSets: Pick<Informer<ObjectMetadata>, 'get'>;
  readonly workloads: Readonly<Record<WorkloadKind, Pick<Informer<ObjectMetadata>, 'get'>>>;
  readonly limitRanges: Pick<Informer<LimitRange>, 'list'>;
  /** Asks kube-apiserver for a ReplicaSet that is too young to have been seen; undefined where it is not there. */
  readonly fetchReplicaSet: (
    namespace: string,
    name: string,
    signal: AbortSignal,
  ) => Promise<ObjectMetadata | undefined>;
  /** Counts what became of a pod. */
  readonly count: (result: PodResult) => void;
  readonly log: Logger;
}

/** What became of a pod, for the metric. */
export type PodResult =
  | 'patched'
  | 'unchanged'
  | 'no-workload'
  | 'no-recommendation'
  | 'no-policy'
  | 'invalid-value'
  | `refused-${string}`
  | 'error';

const UNCHANGED: AdmissionVerdict = { allowed: true };

/** `/mutate`: gives a newborn pod what its workload's annotations say. Whatever goes wrong, the pod is admitted as it is. */
export function podHandler(sources: PodReviewSources): AdmissionHandler {
  return {
    path: podAdmission.path,
    // Without a warning: pods are made by controllers, which show it to nobody.
    onError: UNCHANGED,
    async review(request, context) {
      try {
        return await review(request, sources, context);
      } catch (error) {
        sources.count('error');
        throw error;
      }
    },
  };
}

async function review(
  request: AdmissionRequest,
  sources: PodReviewSources,
  context: ReviewContext,
): Promise<AdmissionVerdict> {
  const { namespace, object } = request;
  if (namespace === undefined || !isPod(request, object)) return UNCHANGED;
  const workload = await findWorkload(namespace, object, sources, context);
  if (!workload) return unchanged('no-workload', sources);
  const injection = readInjection(workload.annotations);
  if (!injection) return unchanged('no-recommendation', sources);
  if (!standsBehind(injection.policyUid, sources)) return unchanged('no-policy', sources);

  const patch = patchPod(object.spec, injection.containers, sources.limitRanges.list(namespace));
  const about = { namespace, workload: workload.name, policy: injection.policy, uid: request.uid };
  for (const value of patch.skipped) {
    sources.count('invalid-value');
    sources.log.warn({ ...about, ...value }, 'annotation is no quantity greater than zero');
  }
  if (patch.outcome === 'patched') {
    sources.count('patched');
    sources.log.info({ ...about, patch: patch.operations }, 'pod patched');
    return { allowed: true, patch: patch.operations };
  }
  if (patch.outcome === 'unchanged') return unchanged('unchanged', sources);
  sources.log.warn({ ...about, reason: patch.reason }, 'pod admitted unchanged');
  return unchanged(`refused-${patch.reason}`, sources);
}

function unchanged(result: PodResult, { count }: PodReviewSources): AdmissionVerdict {
  count(result);
  return UNCHANGED;
}

/** Pod → ReplicaSet → Deployment, Pod → StatefulSet, Pod → DaemonSet, each step by UID: a namesake is somebody else. */
async function findWorkload(
  namespace: string,
  { metadata }: Pod,
  sources: PodReviewSources,
  context: ReviewContext,
): Promise<ObjectMetadata | undefined> {
  const owner = controllerOf(metadata);
  if (owner.found === 'none') return undefined;
  const workload: OwningWorkload | undefined =
    owner.found === 'workload'
      ? owner.workload
      : deploymentOf((await findReplicaSet(namespace, owner, sources, context)) ?? {});
  if (!workload) return undefined;
  const cached = sources.workloads[workload.kind].get(namespace, workload.name);
  return cached?.uid === workload.uid ? cached : undefined;
}

async function findReplicaSet(
  namespace: string,
  { name, uid }: { readonly name: string; readonly uid: string },
  { replicaSets, fetchReplicaSet }: PodReviewSources,
  context: ReviewContext,
): Promise<ObjectMetadata | undefined> {
  const cached = replicaSets.get(namespace, name);
  if (cached?.uid === uid) return cached;
  const fetched = await fetchReplicaSet(namespace, name, context.signal);
  return fetched?.uid === uid ? fetched : undefined;
}

/** Annotations alone do not inject: the policy that wrote them must still be there, and still want it. */
function standsBehind(policyUid: string, { policies }: PodReviewSources): boolean {
  return policies.list().some(
    (policy) =>
      policy.metadata.uid === policyUid &&
      // One that is being deleted is gone, though a finalizer may hold it.
      policy.metadata.deletionTimestamp === undefined &&
      policy.valid &&
      policy.object.spec.mode === 'Auto' &&
      policy.object.spec.updateStrategy.strategy === 'webhook',
  );
}

function isPod(request: AdmissionRequest, object: AdmissionRequest['object']): object is Pod {
  const { group, version, kind } = request.kind;
  return (
    request.operation === 'CREATE' &&
    apiVersionOf({ group, version }) === apiVersionOf(PodKind) &&
    kind === PodKind.kind &&
    object !== undefined &&
    Array.isArray((object as Partial<Pod>).spec?.containers)
  );
}
