import { Ajv, type ErrorObject } from 'ajv';
import type { Schema } from '../schema.js';
import { childPath, IN_QUOTES, isInt64, isTakenForInteger, jsonType, type FieldError } from './field-error.js';

/**
 * Checks objects against the structural part of a schema: types, required fields, enums, ranges, lengths, patterns, sets.
 * Unknown fields are no errors here. Compiled once.
 */
export function structureValidator(schema: Schema): (object: unknown) => readonly FieldError[] {
  // YAML and JavaScript have numbers that JSON has not, which nobody can send to kube-apiserver.
  const ajv = new Ajv({ allErrors: true, strict: false, strictNumbers: true, verbose: true });
  ajv.addFormat(
    'int32',
    integerFormat((n) => n >= -(2 ** 31) && n < 2 ** 31),
  );
  ajv.addFormat('int64', integerFormat(isInt64));
  ajv.addFormat('double', true);
  // Only in what kube-apiserver and controllers write.
  ajv.addFormat('date-time', true);
  ajv.addKeyword({ keyword: 'x-kubernetes-list-type', validate: isSet, errors: false });
  ajv.addKeyword({
    keyword: 'integer',
    type: 'number',
    validate: (_: true, n: number) => isTakenForInteger(n),
    errors: false,
  });
  const validate = ajv.compile(withIntegers(schema));
  return (object) => (validate(object) ? [] : (validate.errors ?? []).flatMap((error) => fieldErrors(error, object)));
}

/** Formats are stricter than the type: what is nearly an integer is none. What is none at all, the type tells. */
function integerFormat(fits: (n: number) => boolean) {
  return {
    type: 'number',
    validate: (n: number) => !isTakenForInteger(n) || (Number.isInteger(n) && fits(n)),
  } as const;
}

/** What ajv calls an integer is any whole number, and nothing else. */
interface AjvSchema extends Schema {
  readonly integer?: true;
}

function withIntegers(schema: Schema): AjvSchema {
  const { properties, items, additionalProperties, anyOf } = schema;
  return {
    ...schema,
    ...(schema.type === 'integer' && { type: 'number', integer: true, format: schema.format ?? 'int64' }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, child]) => [name, withIntegers(child)])),
    }),
    ...(items && { items: withIntegers(items) }),
    ...(additionalProperties && { additionalProperties: withIntegers(additionalProperties) }),
    ...(anyOf && { anyOf: anyOf.map(alternative) }),
  };
}

/** One of several types is of no format. */
function alternative(schema: Schema): AjvSchema {
  return schema.type === 'integer' ? { ...schema, type: 'number', integer: true } : schema;
}

function isSet(type: string, list: unknown): boolean {
  return type !== 'set' || !Array.isArray(list) || repeated(list).length === 0;
}

/** Where items appear for the second time; kube-apiserver counts no further. */
function repeated(list: readonly unknown[]): number[] {
  const times = new Map<unknown, number>();
  const places: number[] = [];
  for (const [i, item] of list.entries()) {
    const key = typeof item === 'object' ? JSON.stringify(item) : item;
    const seen = times.get(key) ?? 0;
    times.set(key, seen + 1);
    if (seen === 1) places.push(i);
  }
  return places;
}

function fieldErrors(error: ErrorObject, object: unknown): FieldError[] {
  const path = pathOf(error.instancePath, object);
  const value: unknown = error.data;
  const limit: unknown = error.schema;
  const invalid = (detail: string): FieldError[] => [
    { path, value, message: `Invalid value: ${shown(value)}: ${path} in body ${detail}`, reason: 'FieldValueInvalid' },
  ];
  switch (error.keyword) {
    case 'required': {
      const { missingProperty } = error.params as { missingProperty: string };
      const missing = childPath(path, missingProperty);
      return [{ path: missing, at: path, value: undefined, message: 'Required value', reason: 'FieldValueRequired' }];
    }
    case 'type':
    case 'integer':
      // The branches of an int-or-string are told once, by the anyOf around them.
      return error.schemaPath.includes('/anyOf/') ? [] : [wrongType(path, value, error.parentSchema as AjvSchema)];
    case 'anyOf':
      return [notIntOrString(path, value)];
    case 'enum': {
      const supported = (limit as readonly string[]).map((one) => JSON.stringify(one)).join(', ');
      const message = `Unsupported value: ${shown(value)}: supported values: ${supported}`;
      return [{ path, value, message, reason: 'FieldValueNotSupported' }];
    }
    case 'format':
      return invalid(`must be of type ${typeOf(error.parentSchema as AjvSchema)} with format ${String(limit)}`);
    case 'minimum':
      return invalid(`should be greater than or equal to ${String(limit)}`);
    case 'maximum':
      return invalid(`should be less than or equal to ${String(limit)}`);
    case 'minLength':
      return invalid(`should be at least ${String(limit)} chars long`);
    case 'pattern':
      return invalid(`should match '${String(limit)}'`);
    case 'maxLength': {
      const message = `Too long: may not be more than ${String(limit)} bytes`;
      return [{ path, value, message, reason: 'FieldValueTooLong' }];
    }
    case 'maxItems':
    case 'maxProperties': {
      const count = Array.isArray(value) ? value.length : Object.keys(value as object).length;
      const message = `Too many: ${count}: must have at most ${String(limit)} items`;
      return [{ path, value, message, reason: 'FieldValueTooMany' }];
    }
    case 'x-kubernetes-list-type':
      return duplicates(path, value as readonly unknown[]);
    default:
      return invalid(error.message ?? error.keyword);
  }
}

function wrongType(path: string, value: unknown, schema: AjvSchema): FieldError {
  const { integer, format } = schema;
  // Of numbers it says what Go calls them.
  const [expected, found] =
    Number.isFinite(value) && integer && format ? [format, 'float64'] : [typeOf(schema), jsonType(value)];
  const message = `Invalid value: "${found}": ${path} in body must be of type ${expected}: "${found}"`;
  return { path, value, message, reason: 'FieldValueTypeInvalid' };
}

function typeOf({ integer, type }: AjvSchema): string {
  return integer ? 'integer' : String(type);
}

function notIntOrString(path: string, value: unknown): FieldError {
  const actual = `"${jsonType(value)}"`;
  const advice = typeof value === 'number' && Number.isFinite(value) ? `${IN_QUOTES}"${value}"` : '';
  const message = `Invalid value: ${actual}: ${path} in body must be of type integer,string: ${actual}${advice}`;
  return { path, value, message, reason: 'FieldValueTypeInvalid' };
}

function duplicates(path: string, list: readonly unknown[]): FieldError[] {
  return repeated(list).map((i) => {
    const message = `Duplicate value: ${shown(list[i])}`;
    return { path: childPath(path, i), value: list[i], message, reason: 'FieldValueDuplicate' };
  });
}

function shown(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}

/** From a JSON pointer: `/spec/list/0/at` is `spec.list[0].at`, where there is a list; a map may have the key `0`. */
function pathOf(pointer: string, object: unknown): string {
  let path = '';
  let value = object;
  for (const segment of pointer.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    path = childPath(path, Array.isArray(value) ? Number(key) : key);
    value = (value as Readonly<Record<string, unknown>>)[key];
  }
  return path;
}
