import type { Json, Schema } from '../schema.js';

type Tree = Record<string, unknown>;

/**
 * Makes an object what kube-apiserver would store: with every default of its schema in place, defaults inside of defaults among
 * them. A null that the schema does not allow counts as absent, except in lists. The given object is not changed; what needs no
 * change is shared with it. Compiled once.
 */
export function defaulter(schema: Schema): (object: unknown) => unknown {
  const root = compile(schema);
  return (object) => complete(root, object);
}

interface Node {
  readonly nullable: boolean;
  readonly properties: ReadonlyMap<string, Node>;
  readonly others: Node | undefined;
  readonly items: Node | undefined;
  /** Completed by the defaults inside of them. */
  readonly defaults: readonly (readonly [string, Json])[];
  /** The same as an object, which is faster to begin with than to add to. */
  readonly standard: Readonly<Record<string, Json>>;
}

function compile({ nullable = false, properties = {}, additionalProperties, items }: Schema): Node {
  const nodes = new Map(Object.entries(properties).map(([name, property]) => [name, compile(property)]));
  const defaults = Object.entries(properties).flatMap(([name, { default: standard }]) => {
    const node = nodes.get(name);
    return standard === undefined || !node ? [] : [[name, complete(node, standard) as Json] as const];
  });
  return {
    nullable,
    properties: nodes,
    others: additionalProperties && compile(additionalProperties),
    items: items && compile(items),
    defaults,
    standard: Object.fromEntries(defaults),
  };
}

function complete(node: Node, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return completeList(node, value);
  const given = value as Tree;
  let result = given;
  for (const name of Object.keys(given)) {
    const child = given[name];
    if (typeof child !== 'object' && child !== undefined) continue;
    const property = node.properties.get(name) ?? node.others;
    if (child === undefined || (child === null && property && !property.nullable)) {
      if (result === given) result = { ...given };
      Reflect.deleteProperty(result, name);
    } else if (property) {
      const stored = complete(property, child);
      if (stored === child) continue;
      if (result === given) result = { ...given };
      // Also right for a field named `__proto__`: the copy has one of its own.
      result[name] = stored;
    }
  }
  if (node.defaults.every(([name]) => Object.hasOwn(result, name))) return result;
  const completed: Tree = { ...node.standard, ...result };
  for (const [name, standard] of node.defaults) {
    if (typeof standard === 'object' && !Object.hasOwn(result, name)) completed[name] = copy(standard);
  }
  return completed;
}

function completeList({ items }: Node, given: unknown[]): unknown[] {
  let result = given;
  if (!items) return result;
  for (let i = 0; i < given.length; i += 1) {
    const stored = complete(items, given[i]);
    if (stored === given[i]) continue;
    if (result === given) result = [...given];
    result[i] = stored;
  }
  return result;
}

/** Two objects must never share a default. */
function copy(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(copy);
  const result: Record<string, Json> = { ...(value as Readonly<Record<string, Json>>) };
  for (const name of Object.keys(result)) result[name] = copy(result[name] ?? null);
  return result;
}
