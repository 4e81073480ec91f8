import type { Status } from 'optipod/kube';

export type { Draft, DraftMetadata, ObjectRef } from 'optipod/kube';

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  /** For the whole call, retries included; of a watch, until it begins. @default 30 000 */
  readonly timeoutMs?: number | undefined;
}

export interface MetadataOnly {
  /** Objects come with apiVersion, kind and metadata alone; name the kind as a plain `Kind` to have that type-checked. */
  readonly metadataOnly?: boolean | undefined;
}

export interface GetOptions extends CallOptions, MetadataOnly {
  /** `status`, `scale`, … @default the object itself */
  readonly subresource?: string;
}

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

export interface UpdateOptions extends WriteOptions {
  readonly subresource?: string;
}

export interface PatchOptions extends WriteOptions {
  readonly type: 'merge' | 'json' | 'strategic';
  readonly subresource?: string;
}

export interface DeleteOptions extends CallOptions {
  /** Admits without deleting. */
  readonly dryRun?: boolean;
  /** How long the object's own shutdown may take. @default what the object says */
  readonly gracePeriodSeconds?: number;
  /** What becomes of the objects that it owns. @default as the kind has it, mostly Background */
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
  /** Preconditions: nothing is deleted unless the object is still this one. */
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** Which objects of a kind are deleted together. */
export interface DeleteCollectionOptions extends Selection, Omit<DeleteOptions, 'uid' | 'resourceVersion'> {}
