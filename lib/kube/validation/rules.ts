import type { Rule, Schema } from '../schema.js';
import { compileCel, type CelRule } from './cel.js';
import { childPath, type FieldError } from './field-error.js';

/** Checks objects against every CEL rule of a schema, each at its own node. Compiled once. */
export function rulesValidator(schema: Schema): (object: unknown) => FieldError[] {
  const root = compile(schema);
  return (object) => {
    const errors: FieldError[] = [];
    if (root) check(root, object, '', errors);
    return errors;
  };
}

/** A schema node with rules at it or below it. */
interface Node {
  readonly schema: Schema;
  readonly rules: readonly { readonly rule: Rule; readonly holds: CelRule }[];
  readonly properties: readonly (readonly [string, Node])[];
  readonly items: Node | undefined;
  readonly additionalProperties: Node | undefined;
}

function compile(schema: Schema): Node | undefined {
  const rules = (schema['x-kubernetes-validations'] ?? []).map((rule) => ({ rule, holds: compileCel(rule.rule) }));
  const properties = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const node = compile(property);
    return node ? [[name, node] as const] : [];
  });
  const items = schema.items && compile(schema.items);
  const additionalProperties = schema.additionalProperties && compile(schema.additionalProperties);
  const empty = rules.length === 0 && properties.length === 0 && !items && !additionalProperties;
  return empty ? undefined : { schema, rules, properties, items, additionalProperties };
}

function check(node: Node, value: unknown, path: string, errors: FieldError[]): void {
  if (value === undefined || value === null) return;
  if (node.rules.length > 0) {
    const self = celValue(node.schema, value);
    for (const { rule, holds } of node.rules) {
      const broken = failure(rule, holds, self);
      if (broken !== undefined) errors.push(ruleError(rule, broken, node.schema, value, path));
    }
  }
  if (Array.isArray(value)) {
    const { items } = node;
    if (items) for (const [i, item] of value.entries()) check(items, item, childPath(path, i), errors);
    return;
  }
  if (typeof value !== 'object') return;
  const object = value as Readonly<Record<string, unknown>>;
  for (const [name, property] of node.properties) {
    if (Object.hasOwn(object, name)) check(property, object[name], childPath(path, name), errors);
  }
  if (node.additionalProperties) {
    for (const [name, child] of Object.entries(object)) {
      check(node.additionalProperties, child, childPath(path, name), errors);
    }
  }
}

/** Why the rule does not hold; undefined where it does. A rule that cannot be evaluated does not. */
function failure({ message }: Rule, holds: CelRule, self: unknown): string | undefined {
  try {
    return holds(self) ? undefined : message;
  } catch {
    return message;
  }
}

function ruleError(
  { fieldPath = '', reason = 'FieldValueInvalid' }: Rule,
  message: string,
  schema: Schema,
  value: unknown,
  path: string,
): FieldError {
  const prefix = {
    FieldValueRequired: 'Required value',
    FieldValueForbidden: 'Forbidden',
    FieldValueInvalid: `Invalid value: "${schema.type ?? ''}"`,
    FieldValueDuplicate: `Duplicate value: "${schema.type ?? ''}"`,
  }[reason];
  const at = `${path}${fieldPath}`;
  return {
    path: at,
    value: fieldPath === '' ? value : valueAt(value, fieldPath),
    message: `${prefix}: ${message}`,
    reason,
  };
}

/** The value that a rule's `fieldPath` (`.min`) leads to. */
function valueAt(value: unknown, fieldPath: string): unknown {
  return fieldPath
    .split('.')
    .slice(1)
    .reduce<unknown>((node, name) => (node as Readonly<Record<string, unknown>> | undefined)?.[name], value);
}

/** JSON as CEL sees it: integers are BigInts, by the schema and not by the looks; what the schema does not have is not there. */
function celValue(schema: Schema, value: unknown): unknown {
  if (typeof value === 'number') {
    return (schema.type === 'integer' || schema['x-kubernetes-int-or-string']) && Number.isInteger(value)
      ? BigInt(value)
      : value;
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    return items ? value.map((item) => celValue(items, item)) : (value as unknown);
  }
  if (typeof value !== 'object' || value === null) return value;
  const { properties = {}, additionalProperties } = schema;
  // People choose these names, `constructor` and `__proto__` among them: only a Map holds them all.
  if (additionalProperties) {
    return new Map(Object.entries(value).map(([name, child]) => [name, celValue(additionalProperties, child)]));
  }
  const result: Record<string, unknown> = {};
  for (const [name, child] of Object.entries(value)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property) result[name] = celValue(property, child);
  }
  return result;
}
