import type { JsonPatchOperation, KubeObject } from 'optipod/kube';

/** admission.k8s.io/v1 AdmissionRequest, as far as handlers read it. */
export interface AdmissionRequest<T extends KubeObject = KubeObject> {
  readonly uid: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly namespace?: string;
  readonly name?: string;
  readonly object?: T;
  readonly oldObject?: T;
  readonly dryRun?: boolean;
}

/** What a handler decides. */
export type AdmissionDecision =
  | { readonly allowed: true; readonly patch?: readonly JsonPatchOperation[]; readonly warnings?: readonly string[] }
  | { readonly allowed: false; readonly code: number; readonly reason: string; readonly message: string };

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
    readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
  };
}

/** @returns the request of an AdmissionReview v1, or undefined for whatever else was sent. */
export function readReview(body: unknown): AdmissionRequest | undefined {
  if (!isRecord(body) || body.kind !== 'AdmissionReview' || body.apiVersion !== 'admission.k8s.io/v1') return undefined;
  const { request } = body;
  if (!isRecord(request) || typeof request.uid !== 'string' || request.uid === '') return undefined;
  return isRecord(request.kind) && typeof request.operation === 'string'
    ? (request as unknown as AdmissionRequest)
    : undefined;
}

export function answer(uid: string, decision: AdmissionDecision): AdmissionReviewResponse {
  const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' } as const;
  if (!decision.allowed) {
    const { code, reason, message } = decision;
    return { ...review, response: { uid, allowed: false, status: { code, reason, message } } };
  }
  const { patch = [], warnings = [] } = decision;
  return {
    ...review,
    response: {
      uid,
      allowed: true,
      ...(patch.length > 0
        ? { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') }
        : {}),
      ...(warnings.length > 0 ? { warnings } : {}),
    },
  };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
