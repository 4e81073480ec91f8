import type { JsonPatchOperation } from './json-patch.js';
import type { Resource } from './resource.js';
import type { FieldError } from './validation/field-error.js';
import { validatorOf } from './validation/validator.js';
import type { KubeObject } from './wire.js';

/* What an admission handler is asked and what it answers, as data. */

export type AdmissionOperation = 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

/** authentication.k8s.io/v1 UserInfo: on whose behalf kube-apiserver asks. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** admission.k8s.io/v1 AdmissionRequest, as far as handlers read it. What is not of its type counts as left out. */
export interface AdmissionRequest<T extends KubeObject = KubeObject> {
  readonly uid: string;
  readonly kind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly subResource?: string;
  readonly operation: AdmissionOperation;
  readonly namespace?: string;
  /** Absent at a creation by `generateName`. */
  readonly name?: string;
  /** Any JSON object: that it is of the kind is for the handler to find out. */
  readonly object?: T;
  readonly oldObject?: T;
  readonly userInfo: UserInfo;
  readonly dryRun: boolean;
}

/** metav1.Status, as far as a refusal says it. */
export interface Refusal {
  /** An HTTP status code from 400 on. */
  readonly code: number;
  /** metav1's machine-readable reason: `Invalid`, `Forbidden`. */
  readonly reason: string;
  readonly message: string;
  readonly causes?: readonly StatusCause[];
}

/** metav1.StatusCause: one of the things that are wrong. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

/** What a handler decides. Warnings reach the author, `kubectl` prints them; they are cut to what kube-apiserver passes on. */
export type AdmissionVerdict =
  | { readonly allowed: true; readonly patch?: readonly JsonPatchOperation[]; readonly warnings?: readonly string[] }
  | { readonly allowed: false; readonly status: Refusal; readonly warnings?: readonly string[] };

/** The refusal of an object that is wrong, as kube-apiserver itself puts it. */
export function invalid({ kind, name = '' }: AdmissionRequest, errors: readonly FieldError[]): AdmissionVerdict {
  const lines = errors.map(({ path, message }) => `${path}: ${message}`);
  const said = lines.length === 1 ? lines.join() : `[${lines.join(', ')}]`;
  return {
    allowed: false,
    status: {
      code: 422,
      reason: 'Invalid',
      message: `${kind.kind}.${kind.group} ${JSON.stringify(name)} is invalid: ${said}`,
      causes: errors.map(({ path, message, reason }) => ({ field: path, message, reason })),
    },
  };
}

/**
 * A review of a custom resource by its own schema and rules: for a cluster whose CustomResourceDefinition is older than the
 * operator. What an update leaves as it was stands, as kube-apiserver has it.
 */
export function reviewOf(resource: Resource): (request: AdmissionRequest) => AdmissionVerdict {
  const validator = validatorOf(resource);
  return (request) => {
    const { object, oldObject, operation } = request;
    if (!object || object.metadata.deletionTimestamp !== undefined) return { allowed: true };
    const errors =
      operation === 'UPDATE' && oldObject
        ? validator.validateUpdate(object, oldObject).broken
        : validator.validate(object, { unknownFields: 'ignore' });
    return errors.length === 0 ? { allowed: true } : invalid(request, errors);
  };
}
