import type { Schema } from '../schema.js';
import { childPath, jsonType, type FieldError } from './field-error.js';
import { unknownField } from './unknown-fields.js';

const text = { type: 'string' } as const satisfies Schema;
const integer = { type: 'integer' } as const satisfies Schema;
const boolean = { type: 'boolean' } as const satisfies Schema;
const texts = { type: 'object', additionalProperties: text } as const satisfies Schema;

/** metav1.ObjectMeta, which no schema of a custom resource describes. */
const OBJECT_META: Schema = {
  type: 'object',
  properties: {
    ...{ name: text, generateName: text, namespace: text, labels: texts, annotations: texts },
    ownerReferences: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          ...{ apiVersion: text, kind: text, name: text, uid: text },
          ...{ controller: boolean, blockOwnerDeletion: boolean },
        },
      },
    },
    finalizers: { type: 'array', items: text },
    // What nobody writes, but everybody has in what was once read from a cluster.
    ...{ uid: text, resourceVersion: text, generation: integer, selfLink: text },
    ...{ creationTimestamp: text, deletionTimestamp: text, deletionGracePeriodSeconds: integer },
    managedFields: { type: 'array' },
  },
};

/** What of an object's metadata cannot be decoded, and fields that there are not. */
export function undecodableMetadata(metadata: unknown): FieldError[] {
  return undecodable(OBJECT_META, metadata, 'metadata');
}

/** A null is no value, whatever the type. */
function undecodable(schema: Schema, value: unknown, path: string): FieldError[] {
  if (value === undefined || value === null) return [];
  const { type, properties, additionalProperties, items } = schema;
  if (type !== undefined && jsonType(value) !== type) return [wrongType(path, value, type)];
  if (Array.isArray(value)) {
    return items ? value.flatMap((item, i) => undecodable(items, item, childPath(path, i))) : [];
  }
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, child]) => {
    if (child === undefined) return [];
    const at = childPath(path, name);
    const field = properties && Object.hasOwn(properties, name) ? properties[name] : additionalProperties;
    return field ? undecodable(field, child, at) : [unknownField(at, child)];
  });
}

function wrongType(path: string, value: unknown, expected: string): FieldError {
  const message = `Invalid value: "${jsonType(value)}": must be of type ${expected}`;
  return { path, value, message, reason: 'FieldValueTypeInvalid' };
}
