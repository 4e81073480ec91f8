import type { Schema } from './schema.js';
import type { KubeObject, ObjectMeta } from './wire.js';

/**
 * TypeScript types of a schema, without a build step. A schema keeps its literal types where it is written `as const` or comes
 * through a `const` type parameter, as `defineResource` has.
 */

/** As an author writes it: what has a default may be left out. */
export type AsWritten<S extends Schema> = Value<S, 'written'>;

/** As kube-apiserver hands it out: what has a default is there. */
export type AsDefaulted<S extends Schema> = Value<S, 'defaulted'>;

/** The objects of a resource, as kube-apiserver hands them out. */
export type ObjectOf<
  D extends { readonly spec: Schema; readonly status?: Schema; readonly scope?: 'Namespaced' | 'Cluster' },
> = KubeObject & {
  readonly metadata: D['scope'] extends 'Namespaced' ? ObjectMeta & { readonly namespace: string } : ObjectMeta;
  spec: AsDefaulted<D['spec']>;
} & (D['status'] extends Schema ? { status?: AsDefaulted<D['status']> } : unknown);

type Form = 'written' | 'defaulted';

type Value<S, F extends Form> = S extends { readonly 'x-kubernetes-int-or-string': true }
  ? string | number
  : S extends { readonly enum: readonly (infer E)[] }
    ? E
    : S extends { readonly type: infer T }
      ? T extends 'string'
        ? string
        : T extends 'integer' | 'number'
          ? number
          : T extends 'boolean'
            ? boolean
            : T extends 'array'
              ? S extends { readonly items: infer I }
                ? Value<I, F>[]
                : unknown[]
              : ObjectValue<S, F>
      : unknown;

type ObjectValue<S, F extends Form> = S extends { readonly properties: infer P }
  ? Flat<{ [K in Present<S, P, F>]: Value<P[K], F> } & { [K in Exclude<keyof P, Present<S, P, F>>]?: Value<P[K], F> }>
  : S extends { readonly additionalProperties: infer A }
    ? Record<string, Value<A, F>>
    : Record<string, unknown>;

/** The properties that are never missing. */
type Present<S, P, F extends Form> = keyof P & (Required<S> | (F extends 'defaulted' ? WithDefault<P> : never));

type Required<S> = S extends { readonly required: readonly (infer R)[] } ? R : never;

type WithDefault<P> = { [K in keyof P]: P[K] extends { readonly default: unknown } ? K : never }[keyof P];

/** One object type instead of an intersection, which reads better in editors and errors. */
type Flat<T> = { [K in keyof T]: T[K] };
