import { rootSchema } from '../crd.js';
import type { Resource } from '../resource.js';
import type { Schema } from '../schema.js';
import { defaulter } from './defaults.js';
import { jsonType, type FieldError, type FieldErrorReason } from './field-error.js';
import { metadataErrors } from './metadata.js';
import { rulesValidator } from './rules.js';
import { structureValidator } from './structure.js';
import { unknownFieldsFinder } from './unknown-fields.js';

/** The rulebook of a resource, for everybody who is not kube-apiserver: pure, the same verdict, the same field paths. */
export interface Validator {
  /**
   * What kube-apiserver would refuse of an object, as it is written or as it is stored. Empty for a good one. Unknown fields
   * are errors, as they are for kubectl; pass `unknownFields: 'ignore'` for objects that are stored already, whose type and
   * metadata nobody needs to judge, either.
   */
  validate(object: unknown, options?: { readonly unknownFields?: 'refuse' | 'ignore' }): readonly FieldError[];
  /** The object with the schema's defaults, as kube-apiserver would store it. The given one is not changed. */
  withDefaults(object: unknown): unknown;
}

/** kube-apiserver evaluates no rules on an object that is not even of the right shape. */
const BLOCKING: readonly FieldErrorReason[] = [
  'FieldValueRequired',
  'FieldValueTypeInvalid',
  'FieldValueNotSupported',
  'FieldValueTooLong',
  'FieldValueTooMany',
];

/** Compiles a resource's schema and rules, which is best done once: it takes some milliseconds. */
export function validatorOf(resource: Resource): Validator {
  const whole = rootSchema(resource);
  const judged = withoutStatus(whole);
  const withDefaults = defaulter(judged);
  const unknownFields = unknownFieldsFinder(whole);
  const structure = structureValidator(judged);
  const rules = rulesValidator(judged);
  return {
    validate(object, options = {}) {
      const written = options.unknownFields !== 'ignore';
      const type = written ? typeErrors(resource, object) : [];
      if (type.length > 0) return type;
      const stored = withDefaults(object);
      const outside = written ? [...unknownFields(withoutMetadata(stored)), ...metadataErrors(metadataOf(object))] : [];
      const inside = structure(stored);
      const errors = outside.length > 0 ? [...outside, ...inside] : inside;
      return errors.some(({ reason }) => BLOCKING.includes(reason)) ? errors : [...errors, ...rules(stored)];
    },
    withDefaults,
  };
}

/** kube-apiserver looks at no status when an object is written, and nobody else decides on it. */
function withoutStatus(schema: Schema): Schema {
  return { ...schema, properties: { ...schema.properties, status: {} } };
}

/** An object of another type is not looked at any further. */
function typeErrors({ group, version, kind }: Resource, object: unknown): FieldError[] {
  const type = jsonType(object);
  if (type !== 'object') {
    const message = `Invalid value: "${type}": must be of type object`;
    return [{ path: '', value: object, message, reason: 'FieldValueTypeInvalid' }];
  }
  const given = object as { readonly apiVersion?: unknown; readonly kind?: unknown };
  return [...unlike('apiVersion', given.apiVersion, `${group}/${version}`), ...unlike('kind', given.kind, kind)];
}

function unlike(path: string, value: unknown, expected: string): FieldError[] {
  if (value === expected) return [];
  if (value === undefined || value === null || value === '') {
    return [{ path, value, message: 'Required value', reason: 'FieldValueRequired' }];
  }
  const message = `Invalid value: ${JSON.stringify(value)}: must be ${expected}`;
  return [{ path, value, message, reason: 'FieldValueInvalid' }];
}

function metadataOf(object: unknown): unknown {
  return (object as { readonly metadata?: unknown }).metadata;
}

/** metadata is the same for all kinds, and nobody's schema names its fields. */
function withoutMetadata(object: unknown): unknown {
  return { ...(object as object), metadata: {} };
}
