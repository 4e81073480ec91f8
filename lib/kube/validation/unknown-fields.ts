import type { Schema } from '../schema.js';
import { childPath, type FieldError } from './field-error.js';

/**
 * Fields that the schema does not have: kube-apiserver drops them, or refuses them where it is asked to be strict, as kubectl
 * does. A field that is no object has none at all.
 */
export function unknownFields(schema: Schema, value: unknown, path = ''): FieldError[] {
  if (Array.isArray(value)) {
    return value.flatMap((item, i) => unknownFields(schema.items ?? {}, item, childPath(path, i)));
  }
  if (typeof value !== 'object' || value === null) return [];
  const { properties = {}, additionalProperties } = schema;
  return Object.entries(value).flatMap(([name, child]): FieldError[] => {
    const property = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    const at = childPath(path, name);
    if (property) return unknownFields(property, child, at);
    return [{ path: at, value: child, message: `unknown field "${at}"`, reason: 'UnknownField' }];
  });
}
