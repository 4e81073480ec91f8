import type { Rule, Schema } from '../schema.js';
import { compileCel, type CelRule } from './cel.js';
import { childPath, type FieldError } from './field-error.js';

type Path = (string | number)[];

/** Checks objects against every CEL rule of a schema, each at its own node. Compiled once. */
export function rulesValidator(schema: Schema): (object: unknown) => FieldError[] {
  const root = compile(schema);
  return (object) => {
    const errors: FieldError[] = [];
    if (root) check(root, object, [], errors);
    return errors;
  };
}

/** A schema node with rules at it or below it. */
interface Node {
  /** The rules of this node that a value breaks. */
  readonly broken: (value: unknown) => readonly Rule[];
  readonly properties: readonly (readonly [string, Node])[];
  readonly items: Node | undefined;
  readonly additionalProperties: Node | undefined;
}

function compile(schema: Schema): Node | undefined {
  const rules = schema['x-kubernetes-validations'] ?? [];
  const properties = Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
    const node = compile(property);
    return node ? [[name, node] as const] : [];
  });
  const items = schema.items && compile(schema.items);
  const additionalProperties = schema.additionalProperties && compile(schema.additionalProperties);
  const empty = rules.length === 0 && properties.length === 0 && !items && !additionalProperties;
  return empty ? undefined : { broken: judge(schema, rules), properties, items, additionalProperties };
}

/** How many verdicts on different texts and numbers are remembered, at each node. */
const REMEMBERED = 1000;

function judge(schema: Schema, rules: readonly Rule[]): Node['broken'] {
  const compiled = rules.map((rule) => ({ rule, holds: compileCel(rule.rule) }));
  if (compiled.length === 0) return () => [];
  const decide = (value: unknown): readonly Rule[] => {
    const self = celValue(schema, value);
    return compiled.flatMap(({ rule, holds }) => breaches(rule, holds, self));
  };
  // Rules see nothing but the value, and a thousand policies have few different intervals and amounts, defaults first.
  const verdicts = new Map<unknown, readonly Rule[]>();
  return (value) => {
    if (typeof value === 'object') return decide(value);
    const known = verdicts.get(value);
    if (known) return known;
    const verdict = decide(value);
    if (verdicts.size >= REMEMBERED) verdicts.clear();
    verdicts.set(value, verdict);
    return verdict;
  };
}

/** A rule that cannot be evaluated does not hold; it is told where the rule is, not where it points to. */
function breaches(rule: Rule, holds: CelRule, self: unknown): Rule[] {
  try {
    return holds(self) ? [] : [rule];
  } catch {
    return [{ rule: rule.rule, message: rule.message }];
  }
}

/** A number that a schema takes for an integer and CEL does not: every use of it fails. */
const UNREADABLE = Symbol('unreadable');

/** `path` is where it is at: one list for the whole walk, for most walks end without an error. */
function check(node: Node, value: unknown, path: Path, errors: FieldError[]): void {
  if (value === undefined || value === null) return;
  for (const rule of node.broken(value)) errors.push(ruleError(rule, value, path));
  if (typeof value !== 'object') return;
  const { properties, items, additionalProperties } = node;
  if (Array.isArray(value)) {
    if (items) for (let i = 0; i < value.length; i += 1) checkBelow(items, i, value[i], path, errors);
    return;
  }
  const object = value as Readonly<Record<string, unknown>>;
  for (const [name, property] of properties)
    if (Object.hasOwn(object, name)) checkBelow(property, name, object[name], path, errors);
  if (additionalProperties)
    for (const name of Object.keys(object)) checkBelow(additionalProperties, name, object[name], path, errors);
}

function checkBelow(node: Node, key: string | number, value: unknown, path: Path, errors: FieldError[]): void {
  path.push(key);
  check(node, value, path, errors);
  path.pop();
}

function ruleError(
  { message, fieldPath = '', reason = 'FieldValueInvalid' }: Rule,
  value: unknown,
  path: Path,
): FieldError {
  // kube-apiserver says which text or number it is, and leaves out what is longer.
  const shown = typeof value === 'object' ? '' : `: ${JSON.stringify(value)}`;
  const prefix = {
    FieldValueRequired: 'Required value',
    FieldValueForbidden: 'Forbidden',
    FieldValueInvalid: `Invalid value${shown}`,
    FieldValueDuplicate: `Duplicate value${shown}`,
  }[reason];
  const at = path.reduce<string>(childPath, '');
  return {
    path: `${at}${fieldPath}`,
    ...(fieldPath === '' ? {} : { at }),
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

/** JSON as CEL sees it: integers are BigInts, by the schema and not by the looks. */
function celValue(schema: Schema, value: unknown): unknown {
  if (value === null || value === undefined || !isConverted(schema)) return value;
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : UNREADABLE;
  if (typeof value !== 'object') return value;
  const { properties = {}, items, additionalProperties } = schema;
  if (Array.isArray(value)) return items ? value.map((item) => celValue(items, item)) : (value as unknown);
  // People choose these names, `constructor` and `__proto__` among them: only a Map holds them all.
  if (additionalProperties) {
    return new Map(Object.entries(value).map(([name, child]) => [name, celValue(additionalProperties, child)]));
  }
  const result = { ...(value as Readonly<Record<string, unknown>>) };
  for (const name of Object.keys(result)) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property) result[name] = celValue(property, result[name]);
  }
  return result;
}

const converted = new WeakMap<Schema, boolean>();

/** Whether there is anything in values of a schema that CEL has another type for than JSON. */
function isConverted(schema: Schema): boolean {
  const known = converted.get(schema);
  if (known !== undefined) return known;
  const { type, properties, items, additionalProperties } = schema;
  const is =
    type === 'integer' ||
    schema['x-kubernetes-int-or-string'] === true ||
    additionalProperties !== undefined ||
    (items !== undefined && isConverted(items)) ||
    Object.values(properties ?? {}).some(isConverted);
  converted.set(schema, is);
  return is;
}
