import {
  apiVersionOf,
  PodKind,
  type AdmissionRequest,
  type AdmissionVerdict,
  type LimitRange,
  type ObjectMeta,
  type Pod,
  type ResourceQuota,
} from 'optipod/kube';
import type { Injection, StoredPolicy } from 'optipod/lib/api';
import { podAdmission } from 'optipod/lib/optipod';
import { controllerOf, deploymentOf, patchPod, type OwningWorkload } from 'optipod/lib/pod';
import type { WorkloadKind } from 'optipod/lib/policy';
import type { Informer, Logger } from '@optipod/operator/runtime';
import type { AdmissionHandler, ReviewContext } from './server/index.js';

/** What the webhook keeps of a workload for its pods: who it is, and what its annotations have it do. */
export interface InjectedWorkload {
  readonly uid: string;
  readonly name: string;
  /** Absent where nothing is to be injected. */
  readonly injection?: Injection;
}

/** What the webhook keeps of a ReplicaSet: who it is, and who owns it. */
export type ReplicaSetOwnership = Pick<ObjectMeta, 'uid' | 'ownerReferences'>;

/**
 * Objects of one kind, as the watch tells of them; and one that is too young for that, as kube-apiserver tells of it: undefined
 * where it is not there.
 */
export interface KnownOrFetched<T> {
  readonly get: (namespace: string, name: string) => T | undefined;
  readonly fetch: (namespace: string, name: string, signal: AbortSignal) => Promise<T | undefined>;
}

export interface PodReviewSources {
  readonly policies: Pick<Informer<StoredPolicy>, 'get'>;
  readonly replicaSets: KnownOrFetched<ReplicaSetOwnership>;
  readonly workloads: Readonly<Record<WorkloadKind, KnownOrFetched<InjectedWorkload>>>;
  readonly limitRanges: Pick<Informer<LimitRange>, 'list'>;
  readonly quotas: Pick<Informer<ResourceQuota>, 'list'>;
  /** Whether somebody has stopped everything. */
  readonly isPaused: () => boolean;
  /** Counts what became of a pod. */
  readonly count: (result: PodResult) => void;
  readonly log: Logger;
}

/** What became of a pod, for the metric. */
export type PodResult =
  | 'patched'
  | 'unchanged'
  | 'paused'
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
  if (sources.isPaused()) return unchanged('paused', sources);
  const workload = await findWorkload(namespace, object, sources, context);
  if (!workload) return unchanged('no-workload', sources);
  const { injection } = workload;
  if (!injection) return unchanged('no-recommendation', sources);
  if (!standsBehind(injection, sources)) return unchanged('no-policy', sources);

  const { limitRanges, quotas } = sources;
  const patch = patchPod(object.spec, injection.containers, limitRanges.list(namespace), quotas.list(namespace));
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
  { replicaSets, workloads }: PodReviewSources,
  context: ReviewContext,
): Promise<InjectedWorkload | undefined> {
  const owner = controllerOf(metadata);
  if (owner.found === 'none') return undefined;
  const workload: OwningWorkload | undefined =
    owner.found === 'workload'
      ? owner.workload
      : deploymentOf((await find(namespace, owner, replicaSets, context)) ?? {});
  return workload && find(namespace, workload, workloads[workload.kind], context);
}

/** Pods may come before the watch has told of their owner: the first ones of a Deployment do, a millisecond after it. */
async function find<T extends { readonly uid: string }>(
  namespace: string,
  { name, uid }: { readonly name: string; readonly uid: string },
  { get, fetch }: KnownOrFetched<T>,
  context: ReviewContext,
): Promise<T | undefined> {
  const known = get(namespace, name);
  if (known?.uid === uid) return known;
  const fetched = await fetch(namespace, name, context.signal);
  return fetched?.uid === uid ? fetched : undefined;
}

/** Annotations alone do not inject: the policy that wrote them must still be there, and still want it. */
function standsBehind({ policy: key, policyUid }: Injection, { policies }: PodReviewSources): boolean {
  const slash = key.indexOf('/');
  const policy = policies.get(key.slice(0, slash), key.slice(slash + 1));
  return (
    policy?.metadata.uid === policyUid &&
    // One that is being deleted is gone, though a finalizer may hold it.
    policy.metadata.deletionTimestamp === undefined &&
    policy.valid &&
    policy.object.spec.mode === 'Auto' &&
    policy.object.spec.updateStrategy.strategy === 'webhook'
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
