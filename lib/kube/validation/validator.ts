import { rootSchema } from '../crd.js';
import type { Resource } from '../resource.js';
import type { Schema } from '../schema.js';
import { defaulter } from './defaults.js';
import { jsonType, type FieldError, type FieldErrorReason } from './field-error.js';
import { metadataErrors } from './metadata.js';
import { ratchet, type Ratcheted } from './ratchet.js';
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
  /**
   * What kube-apiserver would refuse of an update of an object, both as they are stored, and what of the old one it lets
   * stand. Rules that come upon a value of a wrong type, or miss one, are broken there whether it changed or not; here they
   * are as good as the old object.
   */
  validateUpdate(object: unknown, old: unknown): Ratcheted;
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

function isBlocked(errors: readonly FieldError[]): boolean {
  return errors.some(({ reason }) => BLOCKING.includes(reason));
}

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
      return isBlocked(errors) ? errors : [...errors, ...rules(stored)];
    },
    validateUpdate(object, old) {
      const [stored, before] = [withDefaults(object), withDefaults(old)];
      const shape = withoutDuplicates(ratchet(structure(stored), stored, before), structure(before));
      if (isBlocked(shape.broken)) return shape;
      const ruled = ratchet(rules(stored), stored, before);
      // Of what is not of the right shape there is no telling whether it would keep to the rules.
      const tolerated = isBlocked(shape.tolerated) ? [] : ruled.tolerated;
      return { broken: [...shape.broken, ...ruled.broken], tolerated: [...shape.tolerated, ...tolerated] };
    },
    withDefaults,
  };
}

/** Of double items kube-apiserver says nothing where the old object had any, wherever they were. */
function withoutDuplicates({ broken, tolerated }: Ratcheted, before: readonly FieldError[]): Ratcheted {
  const isDuplicate = ({ reason }: FieldError) => reason === 'FieldValueDuplicate';
  if (!before.some(isDuplicate)) return { broken, tolerated };
  return {
    broken: broken.filter((error) => !isDuplicate(error)),
    tolerated: [...tolerated, ...broken.filter(isDuplicate)],
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
    return [{ path, value, message: `Required value: must be ${expected}`, reason: 'FieldValueRequired' }];
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
