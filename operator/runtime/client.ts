import type { Kind, KubeObject } from 'optipod/kube';
import type { Clock } from './clock.js';
import type { ClusterConfig } from './config.js';
import { ApiError, ConnectionError, messageOf } from './errors.js';
import { type Logger, silentLogger } from './log.js';
import type { RuntimeMetrics } from './metrics.js';
import { describe, identified, identify, named, pathOf } from './paths.js';
import type {
  ApplyOptions,
  CallOptions,
  DeleteCollectionOptions,
  DeleteOptions,
  Draft,
  GetOptions,
  ListOptions,
  ObjectList,
  ObjectRef,
  PatchOptions,
  UpdateOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './requests.js';
import { type RetryOptions, type TransportRequest, createTransport } from './transport.js';
import { splitLines } from './watch-stream.js';

/**
 * A client for one kube-apiserver, raw JSON in and out. Every call throws `ApiError` (refused), `ConnectionError` (no answer)
 * or the reason of its signal. Reads are retried; a write is only where it certainly was not done: the server said so (429
 * with Retry-After), or there was no connection to send it over.
 */
export interface KubeClient {
  /** The namespace of the configuration. */
  readonly namespace: string;
  get<T extends KubeObject>(kind: Kind<T>, ref: ObjectRef, options?: GetOptions): Promise<T>;
  list<T extends KubeObject>(kind: Kind<T>, options?: ListOptions): Promise<ObjectList<T>>;
  /** Ends when the server ends it. */
  watch<T extends KubeObject>(kind: Kind<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;
  create<T extends KubeObject>(kind: Kind<T>, object: Draft, options?: WriteOptions): Promise<T>;
  /** Posts what is made for an object that exists (an Eviction); the answer is the server's own. */
  createSubresource(
    kind: Kind,
    ref: ObjectRef,
    subresource: string,
    object: object,
    options?: WriteOptions,
  ): Promise<unknown>;
  /** Server-side apply. A `metadata.uid` makes it an update of that very object, never a creation. */
  apply<T extends KubeObject>(kind: Kind<T>, object: Draft, options: ApplyOptions): Promise<T>;
  patch<T extends KubeObject>(kind: Kind<T>, ref: ObjectRef, body: unknown, options: PatchOptions): Promise<T>;
  /**
   * Replaces the object, all of it. With `metadata.resourceVersion`, only where it is of that version still; fields that the
   * writer does not know are lost otherwise, which `apply` and `patch` cannot do.
   */
  update<T extends KubeObject>(kind: Kind<T>, object: Draft, options?: UpdateOptions): Promise<T>;
  delete(kind: Kind, ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  /** Deletes the objects that a list with these options would give. */
  deleteCollection(kind: Kind, options: DeleteCollectionOptions): Promise<void>;
  /** What the server has under a group's version (`v1` of the group ''): `pods`, `pods/resize`, … */
  discover(of: Pick<Kind, 'group' | 'version'>, options?: CallOptions): Promise<readonly string[]>;
  /** Closes the connections; calls that are under way fail. */
  close(): Promise<void>;
}

export interface ClientOptions {
  readonly log?: Logger;
  readonly metrics?: RuntimeMetrics;
  /** @default 'controller-runtime/node' */
  readonly userAgent?: string;
  readonly retry?: RetryOptions;
  /**
   * Called immediately before every request that may change something (all but GET, dry runs and retries among them) goes
   * out. Where it throws, nothing is sent, and the call throws just that, at once.
   */
  readonly beforeWrite?: () => void;
  /** @default the system's */
  readonly clock?: Clock;
}

const PATCH_TYPES = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const satisfies Record<PatchOptions['type'], string>;

const METADATA = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

export function createClient(config: ClusterConfig, options: ClientOptions = {}): KubeClient {
  const { log = silentLogger, metrics, userAgent = 'controller-runtime/node', retry, beforeWrite, clock } = options;
  const transport = createTransport(config, { log, userAgent, metrics, retry, beforeWrite, clock });

  async function call<T>(request: TransportRequest): Promise<T> {
    const answer = await transport.json(request);
    log.trace({ method: request.method, path: request.path }, request.what);
    return answer as T;
  }

  return {
    namespace: config.namespace,

    async get<T extends KubeObject>(kind: Kind<T>, ref: ObjectRef, options: GetOptions = {}) {
      const { metadataOnly, subresource } = options;
      const object = await call<T>({
        ...limitsOf(options),
        what: describe(subresource === undefined ? 'get' : `get ${subresource} of`, kind, ref),
        method: 'GET',
        path: pathOf(kind, ref, {}, subresource),
        accept: metadataOnly ? METADATA : undefined,
      });
      // A subresource may be of a kind of its own (Scale).
      if (subresource === undefined) identify(kind, object);
      return object;
    },

    async list<T extends KubeObject>(kind: Kind<T>, options: ListOptions = {}) {
      const { signal, timeoutMs, metadataOnly, namespace, ...query } = options;
      const list = await call<Omit<ObjectList<T>, 'items'> & { readonly items: readonly T[] | null }>({
        signal,
        timeoutMs,
        what: describe('list', kind, { namespace }),
        method: 'GET',
        path: pathOf(kind, { namespace }, { ...query }),
        accept: metadataOnly ? METADATA_LIST : undefined,
      });
      // kube-apiserver writes an empty list of metadata as null.
      const items = list.items ?? [];
      for (const item of items) identify(kind, item);
      return { ...list, items };
    },

    async *watch<T extends KubeObject>(kind: Kind<T>, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
      const { signal, timeoutMs, metadataOnly, namespace, ...query } = options;
      const what = describe('watch', kind, { namespace });
      const stream = transport.stream({
        signal,
        timeoutMs,
        what,
        method: 'GET',
        path: pathOf(kind, { namespace }, { ...query, watch: true }),
        accept: metadataOnly ? METADATA : undefined,
      });
      try {
        for await (const line of splitLines(stream)) {
          const event = JSON.parse(line.toString('utf8')) as WatchEvent<T>;
          if (event.type !== 'BOOKMARK' && event.type !== 'ERROR') identify(kind, event.object);
          yield event;
        }
      } catch (error) {
        if (error instanceof ApiError || error instanceof ConnectionError || signal?.aborted) throw error;
        throw new ConnectionError(what, messageOf(error), error);
      }
    },

    create: async (kind, object, options = {}) => {
      const { namespace } = object.metadata;
      if (kind.scope === 'Namespaced' && !namespace) throw new TypeError(`the ${kind.kind} to create has no namespace`);
      return call({
        ...limitsOf(options),
        what: describe('create', kind, object.metadata),
        method: 'POST',
        path: pathOf(kind, { namespace }, writeQuery(options)),
        body: identified(kind, object),
      });
    },

    createSubresource: async (kind, ref, subresource, object, options = {}) =>
      call({
        ...limitsOf(options),
        what: describe(`create ${subresource} of`, kind, ref),
        method: 'POST',
        path: pathOf(kind, ref, writeQuery(options), subresource),
        body: object,
      }),

    apply: async (kind, object, options) => {
      const { subresource, force } = options;
      return call({
        ...limitsOf(options),
        what: describe(subresource === undefined ? 'apply' : `apply ${subresource} of`, kind, object.metadata),
        method: 'PATCH',
        path: pathOf(kind, named(object.metadata), { ...writeQuery(options), force }, subresource),
        contentType: 'application/apply-patch+yaml',
        body: identified(kind, object),
      });
    },

    patch: async (kind, ref, body, options) => {
      const { subresource, type } = options;
      return call({
        ...limitsOf(options),
        what: describe(subresource === undefined ? 'patch' : `patch ${subresource} of`, kind, ref),
        method: 'PATCH',
        path: pathOf(kind, ref, writeQuery(options), subresource),
        contentType: PATCH_TYPES[type],
        body,
      });
    },

    update: async (kind, object, options = {}) => {
      const { subresource } = options;
      return call({
        ...limitsOf(options),
        what: describe(subresource === undefined ? 'update' : `update ${subresource} of`, kind, object.metadata),
        method: 'PUT',
        path: pathOf(kind, named(object.metadata), writeQuery(options), subresource),
        body: subresource === undefined ? identified(kind, object) : { ...identified(kind, object), ...object },
      });
    },

    async delete(kind, ref, options = {}) {
      await call({
        ...limitsOf(options),
        what: describe('delete', kind, ref),
        method: 'DELETE',
        path: pathOf(kind, ref),
        body: deleteBody(options),
      });
    },

    async deleteCollection(kind, options) {
      const { namespace, labelSelector, fieldSelector } = options;
      await call({
        ...limitsOf(options),
        what: describe('delete all', kind, { namespace }),
        method: 'DELETE',
        path: pathOf(kind, { namespace }, { labelSelector, fieldSelector }),
        body: deleteBody(options),
      });
    },

    async discover({ group, version }, options = {}) {
      const path = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
      const { resources } = await call<{ readonly resources?: readonly { readonly name: string }[] }>({
        ...limitsOf(options),
        what: `discover ${path}`,
        method: 'GET',
        path,
      });
      return (resources ?? []).map(({ name }) => name);
    },

    close: () => transport.close(),
  };
}

function limitsOf({ signal, timeoutMs }: CallOptions): CallOptions {
  return { signal, timeoutMs };
}

function writeQuery({ fieldManager, dryRun }: WriteOptions) {
  return { fieldManager, dryRun: dryRun ? 'All' : undefined };
}

function deleteBody({ uid, resourceVersion, dryRun, gracePeriodSeconds, propagationPolicy }: DeleteOptions) {
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    preconditions: { uid, resourceVersion },
    gracePeriodSeconds,
    propagationPolicy,
    ...(dryRun ? { dryRun: ['All'] } : {}),
  };
}
