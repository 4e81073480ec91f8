import type { Schema } from '../schema.js';
import { childPath, type FieldError } from './field-error.js';

/**
 * Finds fields that a schema does not have: kube-apiserver drops them, or refuses them where it is asked to be strict, as kubectl
 * does. A field that is no object has none at all. Compiled once.
 */
export function unknownFieldsFinder(schema: Schema): (object: unknown) => readonly FieldError[] {
  const root = compile(schema);
  // Most objects have none, and paths take longer to write than fields to look up.
  return (object) => (isIn(root, object) ? list(root, object, '') : []);
}

/** An error for one unknown field. */
export function unknownField(path: string, value: unknown): FieldError {
  return { path, value, message: `unknown field "${path}"`, reason: 'UnknownField' };
}

interface Node {
  readonly properties: ReadonlyMap<string, Node>;
  readonly others: Node | undefined;
  readonly items: Node;
}

const NOTHING: Node = {
  properties: new Map(),
  others: undefined,
  get items() {
    return NOTHING;
  },
};

function compile({ properties = {}, additionalProperties, items }: Schema): Node {
  return {
    properties: new Map(Object.entries(properties).map(([name, property]) => [name, compile(property)])),
    others: additionalProperties && compile(additionalProperties),
    items: items ? compile(items) : NOTHING,
  };
}

/** Whether there is an unknown field in a value. */
function isIn(node: Node, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => isIn(node.items, item));
  const object = value as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(object)) {
    const property = node.properties.get(name) ?? node.others;
    if (property === undefined) return true;
    const child = object[name];
    if (typeof child === 'object' && isIn(property, child)) return true;
  }
  return false;
}

function list(node: Node, value: unknown, path: string): FieldError[] {
  if (Array.isArray(value)) return value.flatMap((item, i) => list(node.items, item, childPath(path, i)));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => {
    const property = node.properties.get(name) ?? node.others;
    const at = childPath(path, name);
    return property ? list(property, child, at) : [unknownField(at, child)];
  });
}
