import type { Json, Schema } from '../schema.js';

type Tree = Record<string, unknown>;

/**
 * An object as kube-apiserver would store it: with every default of its schema in place, defaults inside of defaults among
 * them. A null that the schema does not allow counts as absent, except in lists. The given object is not changed; what needs no
 * change is shared with it.
 */
export function withDefaults(schema: Schema, value: unknown): unknown {
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!items) return value as unknown;
    let list: unknown[] = value;
    for (const [i, item] of value.entries()) {
      if (typeof item !== 'object') continue;
      const stored = withDefaults(items, item);
      if (stored === item) continue;
      if (list === value) list = [...(value as unknown[])];
      list[i] = stored;
    }
    return list;
  }
  if (typeof value !== 'object' || value === null) return value;
  const given = value as Tree;
  const { properties = NONE, additionalProperties } = schema;
  let result = given;
  for (const name of Object.keys(given)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    const child = given[name];
    if (child === undefined || (child === null && property && !property.nullable)) {
      if (result === given) result = { ...given };
      Reflect.deleteProperty(result, name);
    } else if (property && typeof child === 'object') {
      const stored = withDefaults(property, child);
      if (stored === child) continue;
      if (result === given) result = { ...given };
      // Also right for a field named `__proto__`: the copy has one of its own.
      result[name] = stored;
    }
  }
  for (const [name, standard] of defaultsOf(schema)) {
    if (Object.hasOwn(result, name)) continue;
    if (result === given) result = { ...given };
    result[name] = copy(standard);
  }
  return result;
}

const NONE: NonNullable<Schema['properties']> = {};

/** The defaults of a schema's properties, completed by the defaults inside of them: worked out once. */
const known = new WeakMap<Schema, readonly (readonly [string, Json])[]>();

function defaultsOf(schema: Schema): readonly (readonly [string, Json])[] {
  const found = known.get(schema);
  if (found) return found;
  const defaults = Object.entries(schema.properties ?? NONE).flatMap(([name, property]) =>
    property.default === undefined ? [] : [[name, withDefaults(property, property.default) as Json] as const],
  );
  known.set(schema, defaults);
  return defaults;
}

/** Two objects must never share a default. */
function copy(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(copy);
  const result: Record<string, Json> = { ...(value as Readonly<Record<string, Json>>) };
  for (const name of Object.keys(result)) result[name] = copy(result[name] ?? null);
  return result;
}
