import type { ObjectOf } from './infer.js';
import type { Kind } from './kind.js';
import type { Schema } from './schema.js';
import type { KubeObject } from './wire.js';

export interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'date';
  readonly jsonPath: string;
  readonly description?: string;
  /** 0 is shown always, more only with `-o wide`. */
  readonly priority?: number;
}

/** A custom resource as one typed constant; everything else about it is derived. */
export interface ResourceDefinition {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Defaults to the lower-case kind. */
  readonly singular?: string;
  /** Defaults to the singular's: policies, gateways, sandboxes, jobs. */
  readonly plural?: string;
  readonly scope: Kind['scope'];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  readonly description: string;
  readonly spec: Schema;
  readonly status?: Schema;
  /**
   * Whether the status, where there is one, is written by itself: who may write the spec may not write it, and it is left out
   * when an object is created. Without, one write has both: for reports, which have one writer. @default true
   */
  readonly statusSubresource?: boolean;
  readonly printerColumns?: readonly PrinterColumn[];
}

/** A defined custom resource: a `Kind` that also knows its schema. */
export interface Resource<T extends KubeObject = KubeObject> extends Kind<T> {
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly description: string;
  readonly spec: Schema;
  readonly status?: Schema;
  readonly statusSubresource: boolean;
  readonly printerColumns: readonly PrinterColumn[];
}

/** Completes a definition with Kubernetes' naming conventions. Pure data: nothing runs. */
export function defineResource<const D extends ResourceDefinition>(
  definition: D,
): Omit<Resource<ObjectOf<D>>, 'spec' | 'status'> & Pick<D, Extract<keyof D, 'spec' | 'status'>> {
  const singular = definition.singular ?? definition.kind.toLowerCase();
  return {
    ...definition,
    singular,
    plural: definition.plural ?? pluralOf(singular),
    shortNames: definition.shortNames ?? [],
    categories: definition.categories ?? [],
    statusSubresource: definition.status !== undefined && (definition.statusSubresource ?? true),
    printerColumns: definition.printerColumns ?? [],
  };
}

function pluralOf(singular: string): string {
  if (/[^aeiou]y$/.test(singular)) return `${singular.slice(0, -1)}ies`;
  return /(s|x|z|ch|sh)$/.test(singular) ? `${singular}es` : `${singular}s`;
}
