import type { OwnerReference, Status } from 'optipod/kube';

export interface ObjectRef {
  /** Required for namespaced kinds, ignored for the others. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** For the whole call, retries included; of a watch, until it begins. @default 30 000 */
  readonly timeoutMs?: number | undefined;
}

export interface MetadataOnly {
  /** Objects come with apiVersion, kind and metadata alone; name the kind as a plain `Kind` to have that type-checked. */
  readonly metadataOnly?: boolean | undefined;
}

export interface GetOptions extends CallOptions, MetadataOnly {}

/** Which objects of a kind. @default all */
export interface Selection {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends Selection, CallOptions, MetadataOnly {
  /** Objects per page. @default all in one */
  readonly limit?: number | undefined;
  /** `metadata.continue` of the page before. */
  readonly continue?: string | undefined;
  readonly resourceVersion?: string | undefined;
}

export interface WatchOptions extends Selection, CallOptions, MetadataOnly {
  /** The version to go on from: of a list, or the last that a watch delivered. */
  readonly resourceVersion: string;
  /** When the server ends the watch. @default the server's choice, 30 to 60 minutes */
  readonly timeoutSeconds?: number | undefined;
  readonly allowWatchBookmarks?: boolean | undefined;
}

export interface ObjectList<T> {
  readonly items: readonly T[];
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
}

export type WatchEvent<T> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly object: { readonly metadata: { readonly resourceVersion: string } } }
  | { readonly type: 'ERROR'; readonly object: Status };

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

export interface WriteOptions extends CallOptions {
  readonly fieldManager?: string;
  /** Validates and admits without storing. */
  readonly dryRun?: boolean;
}

export interface ApplyOptions extends WriteOptions {
  readonly fieldManager: string;
  readonly subresource?: string;
  /** Takes fields over from other managers instead of failing with a conflict. */
  readonly force?: boolean;
}

export interface PatchOptions extends WriteOptions {
  readonly type: 'merge' | 'json' | 'strategic';
  readonly subresource?: string;
}

export interface DeleteOptions extends CallOptions {
  /** Preconditions: nothing is deleted unless the object is still this one. */
  readonly uid?: string;
  readonly resourceVersion?: string;
}
