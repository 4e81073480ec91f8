import { writeAnnotations, type StoredPolicy, type WorkloadAnnotations } from 'optipod/lib/api';
import type { JsonPatchOperation, KubeObject, LimitRange, ObjectMeta, ResourceQuota } from 'optipod/kube';
import type { WorkloadKind } from 'optipod/lib/policy';
import { silentLogger, type Informer } from '../../../operator/runtime/index.js';
import type { KnownOrFetched, PodReviewSources, PodResult } from '../../../webhook/pods.js';
import { policyHandler } from '../../../webhook/policies.js';
import type { AdmissionReviewResponse } from '../../../webhook/server/index.js';
import { ownership, workloadMetadata } from '../../../webhook/world.js';

/** What kube-apiserver sends for a pod that is about to be created. */
export function podReview(object: unknown, request: object = {}): object {
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: {
      uid: 'b9b7a6c4-1d4e-4c3a-9e0e-2f6f1f0a7a11',
      kind: { group: '', version: 'v1', kind: 'Pod' },
      operation: 'CREATE',
      namespace: 'shop',
      object,
      ...request,
    },
  };
}

/** Anything with hono's `request`. */
interface App {
  request(path: string, init: RequestInit): Response | Promise<Response>;
}

/** Sends a body as kube-apiserver does: with its length and type. */
export async function post(app: App, path: string, body: unknown, headers: object = {}): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const length = String(Buffer.byteLength(text));
  const sent = { 'content-type': 'application/json', 'content-length': length, ...headers };
  return app.request(path, { method: 'POST', body: text, headers: sent });
}

export async function responseOf(answer: Response): Promise<AdmissionReviewResponse['response']> {
  return ((await answer.json()) as AdmissionReviewResponse).response;
}

export function operationsOf({ patch }: AdmissionReviewResponse['response']): JsonPatchOperation[] {
  if (patch === undefined) return [];
  return JSON.parse(Buffer.from(patch, 'base64').toString()) as JsonPatchOperation[];
}

/** The only policy there is, unless a test says otherwise. */
export const POLICY = { namespace: 'shop', name: 'web', uid: 'policy-uid' };

export function annotations(
  containers: Record<string, object>,
  say: Partial<WorkloadAnnotations> = {},
): Record<string, string> {
  return writeAnnotations({
    policy: POLICY,
    lastRecommendation: '2026-01-28T10:30:00Z',
    strategy: 'webhook',
    containers: new Map(Object.entries(containers)),
    ...say,
  });
}

/** An object as kube-apiserver tells of it, where only its metadata are asked for. */
export type Metadata = Pick<ObjectMeta, 'uid' | 'name' | 'namespace' | 'annotations' | 'ownerReferences'>;

/** What the webhook has in memory, and what kube-apiserver has besides. */
export interface Memory {
  readonly policies?: readonly object[];
  readonly replicaSets?: readonly Metadata[];
  readonly workloads?: Partial<Record<WorkloadKind, Metadata>>;
  readonly limitRanges?: readonly LimitRange[];
  readonly quotas?: readonly ResourceQuota[];
  readonly paused?: boolean;
  readonly fetch?: (
    kind: WorkloadKind | 'ReplicaSet',
    name: string,
    signal: AbortSignal,
  ) => Promise<Metadata | undefined>;
}

export function storedPolicy(spec: object = {}, metadata: object = {}, valid = true): object {
  const object = { spec: { mode: 'Auto', updateStrategy: { strategy: 'webhook' }, ...spec } };
  return { valid, metadata: { ...POLICY, ...metadata }, object };
}

export function sourcesOf(memory: Memory): PodReviewSources & {
  readonly counted: PodResult[];
  /** `<kind> <namespace>/<name>` */
  readonly fetched: string[];
} {
  const {
    policies = [storedPolicy()],
    replicaSets = [],
    workloads = {},
    limitRanges = [],
    quotas = [],
    paused = false,
  } = memory;
  const counted: PodResult[] = [];
  const fetched: string[] = [];
  const known = <T>(
    kind: WorkloadKind | 'ReplicaSet',
    there: readonly (Metadata | undefined)[],
    project: (object: KubeObject) => T,
  ): KnownOrFetched<T> => {
    const kept = (one: Metadata | undefined) => one && project({ metadata: one as ObjectMeta });
    const byName = new Map(there.map((one) => [one?.name, kept(one)]));
    return {
      get: (_namespace, name) => byName.get(name),
      async fetch(namespace, name, signal) {
        fetched.push(`${kind} ${namespace}/${name}`);
        return kept(await memory.fetch?.(kind, name, signal));
      },
    };
  };
  const workload = (kind: WorkloadKind) => known(kind, [workloads[kind]], workloadMetadata);
  const stored = policies as ReturnType<Stored['list']>;
  return {
    policies: {
      get: (namespace, name) =>
        stored.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name),
    },
    replicaSets: known('ReplicaSet', replicaSets, ownership),
    workloads: {
      Deployment: workload('Deployment'),
      StatefulSet: workload('StatefulSet'),
      DaemonSet: workload('DaemonSet'),
    },
    limitRanges: { list: () => [...limitRanges] },
    quotas: { list: () => [...quotas] },
    isPaused: () => paused,
    count: (result) => counted.push(result),
    log: silentLogger,
    counted,
    fetched,
  };
}

type Stored = Informer<StoredPolicy>;

/** A controller's reference to what it owns. */
export function owner(kind: string, name: string, uid = `${name}-uid`): object {
  return { apiVersion: 'apps/v1', kind, name, uid, controller: true };
}

/** `/validate` of a webhook whose memory is empty, and which asks nobody about authors. */
export function policiesOfNothing(): ReturnType<typeof policyHandler> {
  return policyHandler({
    scope: { ownNamespace: 'optipod-system', policyScope: 'Cluster' },
    world: () => undefined,
    wanted: () => [],
    count: () => undefined,
    log: silentLogger,
  });
}
