import { type Kind, apiVersionOf } from 'optipod/kube';
import type { DraftMetadata, ObjectRef } from './requests.js';

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/**
 * Where a kind (no name) or an object of it is served, with the query; what is undefined in the query is left out.
 * @throws TypeError for an object of a namespaced kind without its namespace: the path would be another object's
 */
export function pathOf(
  kind: Kind,
  { namespace, name }: Partial<ObjectRef>,
  query: Query = {},
  subresource?: string,
): string {
  const namespaced = kind.scope === 'Namespaced';
  if (namespaced && name !== undefined && !namespace) throw new TypeError(`${kind.kind} ${name} has no namespace`);
  const segments = [
    ...(kind.group === '' ? ['api'] : ['apis', kind.group]),
    kind.version,
    ...(namespaced && namespace ? ['namespaces', namespace] : []),
    kind.plural,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== undefined) parameters.set(key, String(value));
  const search = parameters.toString();
  return `/${segments.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`;
}

/** `get Deployment default/web`, for errors. */
export function describe(verb: string, kind: Kind, ref: Partial<ObjectRef> & { generateName?: string }): string {
  const name = ref.name ?? ref.generateName;
  const place = [...(kind.scope === 'Namespaced' && ref.namespace ? [ref.namespace] : []), ...(name ? [name] : [])];
  return [verb, kind.kind, ...(place.length === 0 ? [] : [place.join('/')])].join(' ');
}

/** The kind as in RBAC and metrics: `deployments.apps`, `pods`. */
export function resourceOf({ plural, group }: Kind): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** The object with the apiVersion and kind that it is of. */
export function identified<T extends object>(kind: Kind, object: T): T {
  return { ...object, apiVersion: apiVersionOf(kind), kind: kind.kind };
}

/**
 * Tells an object from the wire what it is: items of a list do not say, and metadata-only objects say what wraps them. In
 * place, for a copy of every object would cost more than all else that is done with most of them.
 */
export function identify(kind: Kind, object: { apiVersion?: string; kind?: string }): void {
  object.apiVersion = apiVersionOf(kind);
  object.kind = kind.kind;
}

/** @throws TypeError for metadata without a name, where only an object that has one can be meant */
export function named({ name, namespace }: DraftMetadata): ObjectRef {
  if (name === undefined) throw new TypeError('the object has no name');
  return { name, namespace };
}
