import { Ajv, type ErrorObject } from 'ajv';
import { rootSchema } from './crd.js';
import type { Resource } from './resource.js';

/** A field that does not fit the schema. */
export interface FieldError {
  /** As kube-apiserver writes it: `spec.resourceBounds.cpu.min`. */
  readonly path: string;
  readonly message: string;
}

/**
 * Checks objects against the structural part of a resource's schema (types, required fields, enums, ranges, patterns), as
 * stored objects may be older than the schema. Compiled once; unknown fields are no error, for kube-apiserver prunes them.
 */
export function structureOf(resource: Resource): (object: unknown) => readonly FieldError[] {
  const ajv = new Ajv({ allErrors: true, strict: false, allowUnionTypes: true, validateFormats: false });
  const validate = ajv.compile(rootSchema(resource));
  return (object) => (validate(object) ? [] : (validate.errors ?? []).filter(isCause).map(fieldError));
}

/** An int-or-string's `anyOf` is reported once, not once for each branch. */
function isCause({ schemaPath }: ErrorObject): boolean {
  return !schemaPath.includes('/anyOf/');
}

function fieldError({ instancePath, keyword, params, message = '' }: ErrorObject): FieldError {
  const segments = instancePath.split('/').slice(1);
  if (keyword === 'required') segments.push((params as { missingProperty: string }).missingProperty);
  const path = segments
    .map((segment, i) => (/^\d+$/.test(segment) ? `[${segment}]` : `${i > 0 ? '.' : ''}${segment}`))
    .join('');
  return { path, message: keyword === 'required' ? 'Required value' : message };
}
