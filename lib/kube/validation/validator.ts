import { rootSchema } from '../crd.js';
import type { Resource } from '../resource.js';
import { withDefaults } from './defaults.js';
import type { FieldError, FieldErrorReason } from './field-error.js';
import { rulesValidator } from './rules.js';
import { structureValidator } from './structure.js';
import { unknownFields } from './unknown-fields.js';

/** The rulebook of a resource, for everybody who is not kube-apiserver: pure, the same verdict, the same field paths. */
export interface Validator {
  /**
   * What kube-apiserver would refuse of an object, as it is written or as it is stored. Empty for a good one. Unknown fields
   * are errors, as they are for kubectl; pass `unknownFields: 'ignore'` for objects that are stored already.
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
  const schema = rootSchema(resource);
  const structure = structureValidator(schema);
  const rules = rulesValidator(schema);
  return {
    validate(object, options = {}) {
      const stored = withDefaults(schema, object);
      const unknown = options.unknownFields === 'ignore' ? [] : unknownFields(schema, withoutMetadata(stored));
      const errors = structure(stored);
      const blocked = errors.some(({ reason }) => BLOCKING.includes(reason));
      return [...unknown, ...errors, ...(blocked ? [] : rules(stored))];
    },
    withDefaults: (object) => withDefaults(schema, object),
  };
}

/** metadata is the same for all kinds, and nobody's schema names its fields. */
function withoutMetadata(object: unknown): unknown {
  return typeof object === 'object' && object !== null ? { ...object, metadata: {} } : object;
}
