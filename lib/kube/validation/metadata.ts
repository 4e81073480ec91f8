import { childPath, jsonType, type FieldError } from './field-error.js';
import { byteLength, labelKeyFlaws, labelValueFlaws, nameFlaws } from './names.js';
import { unknownField } from './unknown-fields.js';

type Tree = Readonly<Record<string, unknown>>;

/** The fields of metav1.ObjectMeta, which no schema of a custom resource names. */
const FIELDS: ReadonlySet<string> = new Set([
  ...['name', 'generateName', 'namespace', 'selfLink', 'uid', 'resourceVersion', 'generation', 'creationTimestamp'],
  ...['deletionTimestamp', 'deletionGracePeriodSeconds', 'labels', 'annotations', 'ownerReferences', 'finalizers'],
  'managedFields',
]);

/** The type of those that people write. */
const TYPES: ReadonlyMap<string, 'string' | 'object'> = new Map([
  ...(['name', 'generateName', 'namespace'] as const).map((name) => [name, 'string'] as const),
  ...(['labels', 'annotations'] as const).map((name) => [name, 'object'] as const),
]);

/** The most that keys and values of annotations may take together, in bytes. */
const ANNOTATIONS_LIMIT = 256 * 1024;

/** What kube-apiserver refuses of the metadata that people write: names, labels, annotations, and fields that there are not. */
export function metadataErrors(metadata: unknown): readonly FieldError[] {
  if (metadata !== undefined && metadata !== null && jsonType(metadata) !== 'object') {
    return [wrongType('metadata', metadata, 'object')];
  }
  const object = (metadata ?? {}) as Tree;
  const errors = Object.keys(object).flatMap((name) => fieldErrors(name, object[name]));
  // What cannot be decoded is not looked at any further.
  if (errors.length > 0) return errors;
  const { labels, annotations } = object as Readonly<Record<string, Readonly<Record<string, string>>>>;
  return [
    ...nameErrors(object),
    ...(labels ? labelErrors(labels) : []),
    ...(annotations ? annotationErrors(annotations) : []),
  ];
}

/** What cannot be decoded. A null is no value. */
function fieldErrors(name: string, value: unknown): FieldError[] {
  if (value === undefined) return [];
  const path = childPath('metadata', name);
  if (!FIELDS.has(name)) return [unknownField(path, value)];
  const expected = TYPES.get(name);
  if (expected === undefined || value === null) return [];
  if (jsonType(value) !== expected) return [wrongType(path, value, expected)];
  if (expected === 'string') return [];
  return Object.entries(value).flatMap(([key, text]) =>
    text === undefined || text === null || typeof text === 'string'
      ? []
      : [wrongType(childPath(path, key), text, 'string')],
  );
}

function nameErrors({ name, generateName }: Tree): FieldError[] {
  const prefix = generateName as string | null | undefined;
  const ofPrefix = prefix
    ? nameFlaws(prefix, 'prefix').map((flaw) => invalid('metadata.generateName', prefix, flaw))
    : [];
  // kube-apiserver cuts the prefix, appends five random letters, and judges the result.
  const generated = prefix ? `${prefix.slice(0, 58)}xxxxx` : '';
  const judged = name ? (name as string) : generated;
  if (judged) return [...ofPrefix, ...nameFlaws(judged).map((flaw) => invalid('metadata.name', judged, flaw))];
  const message = 'Required value: name or generateName is required';
  return [{ path: 'metadata.name', value: name, message, reason: 'FieldValueRequired' }];
}

function labelErrors(labels: Readonly<Record<string, string | null>>): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...labelKeyFlaws(key).map((flaw) => invalid('metadata.labels', key, flaw)),
    ...labelValueFlaws(value ?? '').map((flaw) => invalid('metadata.labels', value, flaw)),
  ]);
}

function annotationErrors(annotations: Readonly<Record<string, string | null>>): FieldError[] {
  const path = 'metadata.annotations';
  const entries = Object.entries(annotations);
  // Upper-case letters are fine in them, unlike in labels.
  const errors = entries.flatMap(([key]) => labelKeyFlaws(key.toLowerCase()).map((flaw) => invalid(path, key, flaw)));
  const size = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value ?? ''), 0);
  if (size <= ANNOTATIONS_LIMIT) return errors;
  const message = `Too long: may not be more than ${ANNOTATIONS_LIMIT} bytes`;
  return [...errors, { path, value: annotations, message, reason: 'FieldValueTooLong' }];
}

function wrongType(path: string, value: unknown, expected: string): FieldError {
  const message = `Invalid value: "${jsonType(value)}": must be of type ${expected}`;
  return { path, value, message, reason: 'FieldValueTypeInvalid' };
}

function invalid(path: string, value: unknown, flaw: string): FieldError {
  return { path, value, message: `Invalid value: ${JSON.stringify(value)}: ${flaw}`, reason: 'FieldValueInvalid' };
}
