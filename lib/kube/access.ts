import type { Use, Uses, Verb } from './use.js';
import type { KubeObject, OwnerReference } from './wire.js';

/*
 * What a declared use gives: a type with the declared verbs and no others. The runtime makes them; here they are types alone.
 * Calls throw what the runtime's client throws.
 */

/** Which object of a kind. */
export interface ObjectRef {
  /** Required for namespaced kinds, ignored for the others. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

/** Metadata as a writer gives it. */
export interface DraftMetadata {
  readonly name?: string;
  readonly generateName?: string;
  readonly namespace?: string | undefined;
  /** A precondition: the write is refused when the object of that name is another one. */
  readonly uid?: string | undefined;
  /** A precondition: the write is refused when the object has changed since. */
  readonly resourceVersion?: string | undefined;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
}

/**
 * An object to write: what the caller means to set, nothing else. apiVersion and kind are filled in. (Literals need the second
 * form, values of an interface the first.)
 */
export type Draft =
  { readonly metadata: DraftMetadata } | { readonly metadata: DraftMetadata; readonly [field: string]: unknown };

export interface AccessCall {
  readonly signal?: AbortSignal | undefined;
  /** For the whole call, retries included. @default 30 000 */
  readonly timeoutMs?: number | undefined;
}

export interface AccessWrite extends AccessCall {
  /** @default the operator's name */
  readonly fieldManager?: string;
  /** Validates and admits without storing. */
  readonly dryRun?: boolean;
}

/** From `watch`: what is in memory. */
export interface Watched<T> {
  /** @param namespace undefined for cluster-scoped kinds */
  get(namespace: string | undefined, name: string): T | undefined;
  /** All objects, or those of one namespace; a new array. */
  list(namespace?: string): T[];
}

/** From `get`: what kube-apiserver has at this moment. */
export interface Readable<T> {
  read(ref: ObjectRef, options?: AccessCall): Promise<T>;
}

/** From `list`: what kube-apiserver has at this moment, of the labels that the use names. */
export interface Listable<T> {
  /**
   * Page after page, so that no more than one needs to be in memory. All of them are of one moment: where going through them
   * takes longer than kube-apiserver keeps old versions (5 minutes), it throws an `ApiError` of code 410.
   * @param options.limit objects per page; all in one where undefined
   * @param options.timeoutMs for each page
   */
  pages(options: AccessCall & { readonly limit: number | undefined }): AsyncIterable<readonly T[]>;
}

export interface Creatable<T> {
  create(object: Draft, options?: AccessWrite): Promise<T>;
}

/** From `create` on a subresource. */
export interface SubresourceCreatable {
  /**
   * Posts what is made for an object that exists: an Eviction of a pod. The body is of a kind of its own, and says so itself.
   * @returns the server's own answer
   */
  create(ref: ObjectRef, body: object, options?: AccessWrite): Promise<unknown>;
}

export interface Patchable<T> {
  /**
   * Server-side apply: makes what this manager says of the object exactly this. Where the object may not exist yet, `create`
   * must be declared, too; with a `metadata.uid` it never is created.
   */
  apply(object: Draft, options?: AccessWrite & { readonly force?: boolean }): Promise<T>;
  /**
   * Changes what is named in the patch, whoever said it: a JSON merge patch, a JSON patch, or a strategic merge patch, which only
   * Kubernetes' own kinds know and which finds the items of lists by their keys. @default merge
   */
  patch(
    ref: ObjectRef,
    body: unknown,
    options?: AccessWrite & { readonly type?: 'merge' | 'json' | 'strategic' },
  ): Promise<T>;
}

export interface Deletable {
  /** Preconditions: nothing is deleted unless the object is still the one of that uid and version. */
  delete(
    ref: ObjectRef & { readonly uid?: string; readonly resourceVersion?: string },
    options?: AccessCall,
  ): Promise<void>;
}

type When<V extends Verb, Declared extends Verb, Then> = [Extract<V, Declared>] extends [never] ? unknown : Then;

/** What one declared use gives; `Kept` is what the cache holds of an object. */
export type Access<U extends Use, Kept = U extends Use<infer T> ? T : never> =
  U extends Use<infer T extends KubeObject, infer V>
    ? When<V, 'watch', Watched<Kept>> &
        When<V, 'get', Readable<T>> &
        When<V, 'list', Listable<T>> &
        When<V, 'create', U extends { readonly subresource: string } ? SubresourceCreatable : Creatable<T>> &
        When<V, 'patch', Patchable<T>> &
        When<V, 'delete', Deletable>
    : never;

/** What a controller or handler gets for its uses, by their names. */
export type AccessTo<U extends Uses> = { readonly [Name in keyof U]: Access<U[Name]> };
