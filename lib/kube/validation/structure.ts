import { Ajv, type ErrorObject } from 'ajv';
import type { Schema } from '../schema.js';
import { childPath, jsonType, type FieldError } from './field-error.js';

/**
 * Checks objects against the structural part of a schema: types, required fields, enums, ranges, lengths, patterns, sets.
 * Unknown fields are no errors here. Compiled once.
 */
export function structureValidator(schema: Schema): (object: unknown) => readonly FieldError[] {
  const ajv = new Ajv({ allErrors: true, strict: false, verbose: true });
  ajv.addFormat('int32', { type: 'number', validate: (n: number) => n >= -(2 ** 31) && n < 2 ** 31 });
  ajv.addFormat('int64', { type: 'number', validate: (n: number) => n >= -(2 ** 63) && n < 2 ** 63 });
  ajv.addFormat('double', true);
  // Only in what kube-apiserver and controllers write.
  ajv.addFormat('date-time', true);
  ajv.addKeyword({ keyword: 'x-kubernetes-list-type', validate: isSet, errors: false });
  const validate = ajv.compile(schema);
  return (object) => (validate(object) ? [] : (validate.errors ?? []).flatMap(fieldErrors));
}

function isSet(type: string, list: unknown): boolean {
  return type !== 'set' || !Array.isArray(list) || new Set(list).size === list.length;
}

function fieldErrors(error: ErrorObject): FieldError[] {
  const path = pathOf(error.instancePath);
  const value: unknown = error.data;
  const limit: unknown = error.schema;
  const invalid = (detail: string): FieldError[] => [
    { path, value, message: `Invalid value: ${shown(value)}: ${path} in body ${detail}`, reason: 'FieldValueInvalid' },
  ];
  switch (error.keyword) {
    case 'required': {
      const { missingProperty } = error.params as { missingProperty: string };
      const at = childPath(path, missingProperty);
      return [{ path: at, value: undefined, message: 'Required value', reason: 'FieldValueRequired' }];
    }
    case 'type':
      // The branches of an int-or-string are told once, by the anyOf around them.
      return error.schemaPath.includes('/anyOf/') ? [] : [wrongType(path, value, String(limit))];
    case 'anyOf':
      return [wrongType(path, value, 'integer,string')];
    case 'enum': {
      const supported = (limit as readonly string[]).map((one) => JSON.stringify(one)).join(', ');
      const message = `Unsupported value: ${shown(value)}: supported values: ${supported}`;
      return [{ path, value, message, reason: 'FieldValueNotSupported' }];
    }
    case 'format':
      return [wrongType(path, value, String(limit))];
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

function wrongType(path: string, value: unknown, expected: string): FieldError {
  const actual = `"${jsonType(value)}"`;
  const message = `Invalid value: ${actual}: ${path} in body must be of type ${expected}: ${actual}`;
  return { path, value, message, reason: 'FieldValueTypeInvalid' };
}

function duplicates(path: string, list: readonly unknown[]): FieldError[] {
  return list.flatMap((value, i): FieldError[] =>
    list.indexOf(value) === i
      ? []
      : [
          {
            path: childPath(path, i),
            value,
            message: `Duplicate value: ${shown(value)}`,
            reason: 'FieldValueDuplicate',
          },
        ],
  );
}

function shown(value: unknown): string {
  return value === undefined ? 'null' : JSON.stringify(value);
}

/** From a JSON pointer: `/spec/list/0/at` is `spec.list[0].at`. */
function pathOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, segment) => childPath(path, /^\d+$/.test(segment) ? Number(segment) : segment), '');
}
