import type { Schema } from '../schema.js';
import { childPath, type FieldError } from './field-error.js';

/**
 * Fields that the schema does not have: kube-apiserver drops them, or refuses them where it is asked to be strict, as kubectl
 * does. A field that is no object has none at all.
 */
export function unknownFields(schema: Schema, value: unknown): readonly FieldError[] {
  // Most objects have none, and paths take longer to write than fields to look up.
  return hasUnknown(schema, value) ? list(schema, value, '') : [];
}

/** An error for one unknown field. */
export function unknownField(path: string, value: unknown): FieldError {
  return { path, value, message: `unknown field "${path}"`, reason: 'UnknownField' };
}

const NONE: NonNullable<Schema['properties']> = {};

function hasUnknown(schema: Schema, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) {
    const { items = {} } = schema;
    return value.some((item) => hasUnknown(items, item));
  }
  const object = value as Readonly<Record<string, unknown>>;
  const { properties = NONE, additionalProperties } = schema;
  return Object.keys(object).some((name) => {
    const property = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    return property === undefined || hasUnknown(property, object[name]);
  });
}

function list(schema: Schema, value: unknown, path: string): FieldError[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => list(schema.items ?? {}, item, childPath(path, i)));
  }
  if (typeof value !== 'object' || value === null) return [];
  const { properties = NONE, additionalProperties } = schema;
  return Object.entries(value).flatMap(([name, child]) => {
    const property = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    const at = childPath(path, name);
    return property ? list(property, child, at) : [unknownField(at, child)];
  });
}
