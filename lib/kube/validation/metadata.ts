import type { OwnerReference } from '../wire.js';
import type { FieldError } from './field-error.js';
import { undecodableMetadata } from './metadata-fields.js';
import { byteLength, labelKeyFlaws, labelValueFlaws, nameFlaws } from './names.js';

/** What can be decoded, and be null at every field. */
type Texts = Readonly<Record<string, string | null>>;
interface Metadata {
  readonly name?: string | null;
  readonly generateName?: string | null;
  readonly labels?: Texts | null;
  readonly annotations?: Texts | null;
  readonly ownerReferences?: readonly (Partial<Nullable<OwnerReference>> | null)[] | null;
  readonly finalizers?: readonly (string | null)[] | null;
}
type Nullable<T> = { [K in keyof T]: T[K] | null };

/** The most that keys and values of annotations may take together, in bytes. */
const ANNOTATIONS_LIMIT = 256 * 1024;

/** What kube-apiserver refuses of the metadata that people write, and fields that there are not. */
export function metadataErrors(metadata: unknown): readonly FieldError[] {
  const errors = undecodableMetadata(metadata);
  // What cannot be decoded is not looked at any further.
  if (errors.length > 0) return errors;
  const object = (metadata ?? {}) as Metadata;
  const { labels, annotations, ownerReferences, finalizers } = object;
  return [
    ...nameErrors(object),
    ...(labels ? labelErrors(labels) : []),
    ...(annotations ? annotationErrors(annotations) : []),
    ...(ownerReferences ? ownerErrors(ownerReferences) : []),
    ...(finalizers ? finalizerErrors(finalizers) : []),
  ];
}

function nameErrors({ name, generateName: prefix }: Metadata): FieldError[] {
  const ofPrefix = prefix
    ? nameFlaws(prefix, 'prefix').map((flaw) => invalid('metadata.generateName', prefix, flaw))
    : [];
  // kube-apiserver cuts the prefix, appends five random letters, and judges the result.
  const generated = prefix ? `${prefix.slice(0, 58)}xxxxx` : '';
  const given = name ?? '';
  const judged = given === '' ? generated : given;
  if (judged) return [...ofPrefix, ...nameFlaws(judged).map((flaw) => invalid('metadata.name', judged, flaw))];
  const message = 'Required value: name or generateName is required';
  return [{ path: 'metadata.name', value: name, message, reason: 'FieldValueRequired' }];
}

function labelErrors(labels: Texts): FieldError[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...labelKeyFlaws(key).map((flaw) => invalid('metadata.labels', key, flaw)),
    ...labelValueFlaws(value ?? '').map((flaw) => invalid('metadata.labels', value, flaw)),
  ]);
}

function annotationErrors(annotations: Texts): FieldError[] {
  const path = 'metadata.annotations';
  const entries = Object.entries(annotations);
  // Upper-case letters are fine in them, unlike in labels.
  const errors = entries.flatMap(([key]) => labelKeyFlaws(key.toLowerCase()).map((flaw) => invalid(path, key, flaw)));
  const size = entries.reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value ?? ''), 0);
  if (size <= ANNOTATIONS_LIMIT) return errors;
  const message = `Too long: may not be more than ${ANNOTATIONS_LIMIT} bytes`;
  return [...errors, { path, value: annotations, message, reason: 'FieldValueTooLong' }];
}

/** kube-apiserver does not say which of the references it is. */
function ownerErrors(given: NonNullable<Metadata['ownerReferences']>): FieldError[] {
  const path = 'metadata.ownerReferences';
  const references = withoutRepeated(given);
  const errors = references.flatMap(({ apiVersion, kind, name, uid }, i) => [
    ...(hasVersion(apiVersion) ? [] : [invalid(`${path}.apiVersion`, apiVersion, 'version must not be empty')]),
    ...Object.entries({ kind, name, uid }).flatMap(([field, value]) =>
      value === '' ? [invalid(`${path}.${field}`, value, 'must not be empty')] : [],
    ),
    ...(apiVersion === 'v1' && kind === 'Event'
      ? [invalid(path, references[i], '/v1, Kind=Event is disallowed from being an owner')]
      : []),
  ]);
  const [first, second] = references.filter(({ controller }) => controller);
  if (!first || !second) return errors;
  const flaw =
    'Only one reference can have Controller set to true. Found "true" in references for ' +
    `${first.kind}/${first.name} and ${second.kind}/${second.name}`;
  return [...errors, invalid(path, given, flaw)];
}

/** As they are decoded. kube-apiserver drops those that are there before. */
function withoutRepeated(references: NonNullable<Metadata['ownerReferences']>) {
  const decoded = references.map((reference) => {
    const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = reference ?? {};
    const texts = { apiVersion: apiVersion ?? '', kind: kind ?? '', name: name ?? '', uid: uid ?? '' };
    return { ...texts, controller: controller ?? null, blockOwnerDeletion: blockOwnerDeletion ?? null };
  });
  return [...new Map(decoded.map((reference) => [JSON.stringify(reference), reference])).values()];
}

/** `v1` and `apps/v1`; what has another slash is no group with a version. */
function hasVersion(apiVersion: string): boolean {
  const parts = apiVersion.split('/');
  return parts.length <= 2 && parts.at(-1) !== '';
}

function finalizerErrors(finalizers: NonNullable<Metadata['finalizers']>): FieldError[] {
  const path = 'metadata.finalizers';
  const errors = finalizers.flatMap((name) => labelKeyFlaws(name ?? '').map((flaw) => invalid(path, name, flaw)));
  if (!finalizers.includes('orphan') || !finalizers.includes('foregroundDeletion')) return errors;
  return [...errors, invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set')];
}

/** `null` where there is nothing, as in JSON. */
function invalid(path: string, value: unknown, flaw: string): FieldError {
  return {
    path,
    value,
    message: `Invalid value: ${JSON.stringify(value ?? null)}: ${flaw}`,
    reason: 'FieldValueInvalid',
  };
}
