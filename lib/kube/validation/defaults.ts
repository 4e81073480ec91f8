import type { Json, Schema } from '../schema.js';

/**
 * An object as kube-apiserver would store it: with every default of its schema in place, defaults inside of defaults among
 * them. A null that the schema does not allow counts as absent, except in lists. The given object is not changed.
 */
export function withDefaults(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item) => withDefaults(items, item)) : (value as unknown);
  }
  if (typeof value !== 'object' || value === null) return value;
  const { properties = {}, additionalProperties } = schema;
  const result: Record<string, unknown> = {};
  for (const [name, given] of Object.entries(value)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    if (given === undefined || (given === null && property && !property.nullable)) continue;
    set(result, name, property ? withDefaults(property, given) : given);
  }
  for (const [name, property] of Object.entries(properties)) {
    if (property.default === undefined || Object.hasOwn(result, name)) continue;
    set(result, name, withDefaults(property, clone(property.default)));
  }
  return result;
}

/** Plain assignment would take a field named `__proto__` for the prototype. */
function set(object: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Two objects must never share a default. */
function clone(value: Json): unknown {
  return typeof value === 'object' ? structuredClone(value) : value;
}
