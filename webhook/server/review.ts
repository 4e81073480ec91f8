import {
  isRecord,
  type AdmissionOperation,
  type AdmissionRequest,
  type AdmissionVerdict,
  type JsonPatchOperation,
  type KubeObject,
  type Refusal,
  type StatusCause,
  type UserInfo,
} from 'optipod/kube';
import { limitedWarnings } from './warnings.js';

const OPERATIONS: readonly AdmissionOperation[] = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'];

export interface AdmissionReviewResponse {
  readonly apiVersion: 'admission.k8s.io/v1';
  readonly kind: 'AdmissionReview';
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly patchType?: 'JSONPatch';
    /** base64 */
    readonly patch?: string;
    readonly warnings?: readonly string[];
    readonly status?: {
      readonly status: 'Failure';
      readonly code: number;
      readonly reason: string;
      readonly message: string;
      readonly details?: {
        readonly name: string;
        readonly group: string;
        readonly kind: string;
        readonly causes: readonly StatusCause[];
      };
    };
  };
}

/** @returns the request of an AdmissionReview v1, or undefined for whatever else was sent. */
export function readReview(body: unknown): AdmissionRequest | undefined {
  if (!isRecord(body) || body.kind !== 'AdmissionReview' || body.apiVersion !== 'admission.k8s.io/v1') return undefined;
  const { request } = body;
  if (!isRecord(request) || typeof request.uid !== 'string' || request.uid === '') return undefined;
  const operation = OPERATIONS.find((known) => known === request.operation);
  const { kind, object, oldObject } = request;
  if (!operation || !isGroupVersionKind(kind)) return undefined;
  return {
    uid: request.uid,
    kind,
    operation,
    ...text('subResource', request.subResource),
    ...text('namespace', request.namespace),
    ...text('name', request.name),
    ...(isRecord(object) ? { object: object as unknown as KubeObject } : {}),
    ...(isRecord(oldObject) ? { oldObject: oldObject as unknown as KubeObject } : {}),
    userInfo: userInfoOf(request.userInfo),
    dryRun: request.dryRun === true,
  };
}

export function answer(request: AdmissionRequest, verdict: AdmissionVerdict): AdmissionReviewResponse {
  const warnings = limitedWarnings(verdict.warnings ?? []);
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid: request.uid,
      allowed: verdict.allowed,
      ...(verdict.allowed ? patched(verdict.patch) : { status: statusOf(request, verdict.status) }),
      ...(warnings.length > 0 ? { warnings } : {}),
    },
  };
}

function patched(patch: readonly JsonPatchOperation[] = []) {
  if (patch.length === 0) return {};
  return { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') } as const;
}

/** With the kind and the name among the details kubectl tells an `Invalid` as it tells kube-apiserver's own. */
function statusOf(request: AdmissionRequest, { code, reason, message, causes = [] }: Refusal) {
  const { group, kind } = request.kind;
  const details = causes.length > 0 ? { details: { name: request.name ?? '', group, kind, causes } } : {};
  return { status: 'Failure', code, reason, message, ...details } as const;
}

function userInfoOf(given: unknown): UserInfo {
  const { username, uid, groups, extra } = isRecord(given) ? given : {};
  return {
    username: typeof username === 'string' ? username : '',
    ...text('uid', uid),
    groups: strings(groups),
    extra: isRecord(extra)
      ? Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, strings(values)]))
      : {},
  };
}

function strings(given: unknown): string[] {
  return Array.isArray(given) ? given.filter((value) => typeof value === 'string') : [];
}

/** kube-apiserver writes an empty string for some of what there is not. */
function text<Key extends string>(key: Key, value: unknown): Readonly<Partial<Record<Key, string>>> {
  const given = typeof value === 'string' && value !== '' ? { [key]: value } : {};
  return given as Readonly<Partial<Record<Key, string>>>;
}

function isGroupVersionKind(value: unknown): value is AdmissionRequest['kind'] {
  return (
    isRecord(value) &&
    typeof value.group === 'string' &&
    typeof value.version === 'string' &&
    typeof value.kind === 'string'
  );
}
