import { writeAnnotations, type WorkloadAnnotations } from 'optipod/lib/api';
import type { JsonPatchOperation, LimitRange } from 'optipod/kube';
import type { WorkloadKind } from 'optipod/lib/policy';
import { silentLogger } from '../../../operator/runtime/index.js';
import type { ObjectMetadata, PodReviewSources, PodResult } from '../../../webhook/pods.js';
import type { AdmissionReviewResponse } from '../../../webhook/server/index.js';

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

/** What the webhook has in memory, and what it was asked for and counted. */
export interface Memory {
  readonly policies?: readonly object[];
  readonly replicaSets?: readonly ObjectMetadata[];
  readonly workloads?: Partial<Record<WorkloadKind, ObjectMetadata>>;
  readonly limitRanges?: readonly LimitRange[];
  readonly fetch?: PodReviewSources['fetchReplicaSet'];
}

export function storedPolicy(spec: object = {}, metadata: object = {}, valid = true): object {
  const object = { spec: { mode: 'Auto', updateStrategy: { strategy: 'webhook' }, ...spec } };
  return { valid, metadata: { ...POLICY, ...metadata }, object };
}

export function sourcesOf(memory: Memory): PodReviewSources & {
  readonly counted: PodResult[];
  readonly fetched: string[];
} {
  const { policies = [storedPolicy()], replicaSets = [], workloads = {}, limitRanges = [] } = memory;
  const counted: PodResult[] = [];
  const fetched: string[] = [];
  const workload = (kind: WorkloadKind) => ({
    get: (_namespace: string | undefined, name: string) =>
      workloads[kind]?.name === name ? workloads[kind] : undefined,
  });
  return {
    policies: { list: () => policies as ReturnType<PodReviewSources['policies']['list']> },
    replicaSets: { get: (_namespace, name) => replicaSets.find((one) => one.name === name) },
    workloads: {
      Deployment: workload('Deployment'),
      StatefulSet: workload('StatefulSet'),
      DaemonSet: workload('DaemonSet'),
    },
    limitRanges: { list: () => [...limitRanges] },
    fetchReplicaSet: (namespace, name, signal) => {
      fetched.push(`${namespace}/${name}`);
      return memory.fetch?.(namespace, name, signal) ?? Promise.resolve(undefined);
    },
    count: (result) => counted.push(result),
    log: silentLogger,
    counted,
    fetched,
  };
}

/** A controller's reference to what it owns. */
export function owner(kind: string, name: string, uid = `${name}-uid`): object {
  return { apiVersion: 'apps/v1', kind, name, uid, controller: true };
}
