import type { Use } from './controller.js';
import type { Kind } from './kind.js';
import type { LabelSelector } from './label-selector.js';

/** An admission handler as data; its webhook configuration and its rights are derived. */
export interface AdmissionDefinition {
  /** The webhook's qualified name: `pods.example.com`. */
  readonly name: string;
  readonly type: 'mutating' | 'validating';
  /** Where the handler is served. */
  readonly path: `/${string}`;
  readonly reviews: Kind;
  readonly operations: readonly ('CREATE' | 'UPDATE' | 'DELETE')[];
  readonly failurePolicy: 'Ignore' | 'Fail';
  readonly timeoutSeconds: number;
  readonly namespaceSelector?: LabelSelector;
  readonly objectSelector?: LabelSelector;
  /** Only for mutating webhooks. */
  readonly reinvocationPolicy?: 'Never' | 'IfNeeded';
  /** What the handler reads; a handler has no side effects. */
  readonly uses: readonly Use[];
}

export function defineAdmission(reviews: Kind, definition: Omit<AdmissionDefinition, 'reviews'>): AdmissionDefinition {
  return { reviews, ...definition };
}
