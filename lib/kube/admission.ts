import type { AccessTo } from './access.js';
import type { Log } from './controller.js';
import type { Kind } from './kind.js';
import type { LabelSelector } from './label-selector.js';
import type { AdmissionRequest, AdmissionVerdict } from './review.js';
import type { Uses } from './use.js';
import type { KubeObject } from './wire.js';

/** What a review is given besides the request and the declared access. */
export interface Review {
  /** Aborted when there is no time left; whatever is decided after that, nobody waits for it. */
  readonly signal: AbortSignal;
  readonly log: Log;
}

/** An admission handler as data; its webhook configuration and its rights are derived. */
export interface AdmissionDefinition<T extends KubeObject = KubeObject, U extends Uses = Uses> {
  /** The webhook's qualified name: `pods.example.com`. */
  readonly name: string;
  readonly type: 'mutating' | 'validating';
  /** Where the handler is served. */
  readonly path: `/${string}`;
  readonly reviews: Kind<T>;
  readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[];
  readonly failurePolicy: 'Ignore' | 'Fail';
  readonly timeoutSeconds: number;
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
  /** Only for mutating webhooks. */
  readonly reinvocationPolicy?: 'Never' | 'IfNeeded';
  /** What the handler reads; a handler has no side effects. */
  readonly uses: U;
  /**
   * Decides from memory, in milliseconds. Where it throws or takes too long, the verdict is that of the failurePolicy: whether
   * an object gets through must not depend on how the webhook failed.
   */
  review?(
    this: void,
    request: AdmissionRequest<T>,
    access: AccessTo<U>,
    context: Review,
  ): AdmissionVerdict | Promise<AdmissionVerdict>;
}

export function defineAdmission<T extends KubeObject, const U extends Uses>(
  reviews: Kind<T>,
  definition: Omit<AdmissionDefinition<T, U>, 'reviews'>,
): AdmissionDefinition<T, U> {
  return { reviews, ...definition };
}
