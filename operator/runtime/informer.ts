import type { Kind, KubeObject } from 'optipod/kube';
import type { KubeClient } from './client.js';
import type { RunContext } from './component.js';
import { type Logger, silentLogger } from './log.js';
import type { RuntimeMetrics } from './metrics.js';
import { resourceOf } from './paths.js';
import { type ReflectorOptions, reflect } from './reflector.js';
import type { IndexKeys } from './store-indexes.js';
import { type Entry, Store, type StoreEvent } from './store.js';

/**
 * A change of an object, as it is kept. `added` says where it is no news: the object is of the first list, or the handler
 * joined late. `deleted` carries the last state that was seen, which is not always the last there was: a deletion may have
 * been missed and found out by a later list.
 */
export type InformerEvent<T> = StoreEvent<T>;

/**
 * Objects of one kind in memory, kept in step with the API.
 * @typeParam T what is kept of an object
 * @typeParam Index the names of the indexes that were declared
 */
export interface Informer<T, Index extends string = never> {
  readonly role: 'cache';
  /** The resource, `deployments.apps`. */
  readonly name: string;
  /** Lists and watches until the signal is aborted; can be run once. */
  run(signal: AbortSignal, context?: RunContext): Promise<void>;
  /** When the first list is in memory, or an optional kind is known to be none; before, a part of it may be. Pending forever where the informer is stopped before. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  /** @param namespace undefined for cluster-scoped kinds */
  get(namespace: string | undefined, name: string): T | undefined;
  /** All objects, or those of one namespace; a new array. */
  list(namespace?: string): T[];
  /** The objects that the index finds under the key; a new array. */
  byIndex(index: Index, key: string): T[];
  /**
   * Takes what a write answered (not that of a dry run) into memory, so that whoever wrote reads it from now on. An older event
   * or list does not take it away. Of an object that is not among those selected, the next event does.
   */
  observe(object: KubeObject): void;
  /**
   * Calls the handler for every change, after memory has it; for what is in memory already, at once, as `added`. A handler
   * should only note what to do (enqueue a key). One that throws or rejects is logged and counted, and disturbs nobody.
   * @returns a function that ends it
   */
  onEvent(handler: (event: InformerEvent<T>) => unknown): () => void;
}

export interface InformerOptions<O, T, Index extends string = never> extends ReflectorOptions {
  /**
   * What to keep of an object: of a large kind, keep little. `metadata.managedFields` is there to be read, and taken out of the
   * object afterwards. Where it throws, that is logged and counted, and the object stays as it was known.
   * @default the object
   */
  readonly project?: (object: O) => T;
  /**
   * Under which keys an object is found by `byIndex`: `{ byOwner: ({ metadata }) => ownersOf(metadata) }`. They are asked once
   * for each version of what is kept; a throw is as one of `project`.
   */
  // eslint-disable-next-line @typescript-eslint/consistent-indexed-object-style -- as a Record, T is not inferred in time
  readonly indexes?: { readonly [Name in Index]: (object: NoInfer<T>) => readonly string[] };
}

/** @param options without `project`, what is kept is the object itself */
export function createInformer<O extends KubeObject, T = O, Index extends string = never>(
  client: Pick<KubeClient, 'list' | 'watch'>,
  kind: Kind<O>,
  options: InformerOptions<O, T, Index> = {},
): Informer<T, Index> {
  const { project = (object: O) => object as unknown as T, indexes } = options;
  const resource = resourceOf(kind);
  const store = new Store<T>();
  const handlers = new Set<(event: InformerEvent<T>) => unknown>();
  let log: Logger = options.log ?? silentLogger;
  let metrics: RuntimeMetrics | undefined = options.metrics;
  let running = false;
  let hasSynced = false;
  let wasServed = false;
  let markSynced: () => void = () => undefined;
  const synced = new Promise<void>((resolve) => (markSynced = resolve));

  function failed(stage: 'project' | 'handler', error: unknown): void {
    metrics?.informerErrors.inc({ resource, stage });
    log.error(
      { err: error, resource },
      stage === 'project' ? 'an object was not understood' : 'an event handler failed',
    );
  }

  /** One, or none where it was never understood. */
  function entriesOf(object: O): readonly Entry<T>[] {
    const { namespace = '', name, uid, resourceVersion } = object.metadata;
    try {
      const kept = project(object);
      // The largest part of many objects, and of use to hardly anybody but kube-apiserver.
      delete (object.metadata as { managedFields?: unknown }).managedFields;
      return [{ namespace, name, uid, resourceVersion, object: kept, keys: keysOf(indexes, kept) }];
    } catch (error) {
      failed('project', error);
      const before = store.get(namespace, name);
      return before ? [before] : [];
    }
  }

  function notify(handler: (event: InformerEvent<T>) => unknown, event: InformerEvent<T>): void {
    try {
      const outcome = handler(event);
      if (outcome instanceof Promise) outcome.catch((error: unknown) => failed('handler', error));
    } catch (error) {
      failed('handler', error);
    }
  }

  /** One that joins meanwhile is told of these changes by its replay. */
  function publish(events: readonly InformerEvent<T>[]): void {
    if (events.length === 0) return;
    const listening = [...handlers];
    for (const event of events) for (const handler of listening) if (handlers.has(handler)) notify(handler, event);
  }

  const target = {
    begin: () => store.begin(),
    page: (objects: readonly O[], version: string) => publish(store.list(objects.flatMap(entriesOf), version)),
    commit(version: string) {
      const events = store.commit(version);
      hasSynced = true;
      wasServed = true;
      publish(events);
      markSynced();
    },
    set(object: O) {
      const { namespace = '', name, uid, resourceVersion } = object.metadata;
      if (store.confirm({ namespace, name, uid, resourceVersion })) return;
      publish(entriesOf(object).flatMap((entry) => store.set(entry)));
    },
    remove: ({ metadata: { namespace = '', name, resourceVersion } }: O) =>
      publish(store.remove({ namespace, name, resourceVersion })),
    advance: (version: string) => publish(store.advance(version)),
    missing() {
      if (!options.optional || hasSynced) return;
      hasSynced = true;
      markSynced();
    },
    clear() {
      const message = wasServed
        ? 'the kind is not served any more; nothing of it is left'
        : 'the kind is not served; waiting for its CustomResourceDefinition';
      log[options.optional ? 'info' : 'warn']({ resource }, message);
      wasServed = false;
      publish(store.clear());
    },
  };

  return {
    role: 'cache',
    name: resource,
    async run(signal, context) {
      if (running) throw new Error(`the informer of ${resource} runs already`);
      running = true;
      log = options.log ?? context?.log ?? silentLogger;
      metrics = options.metrics ?? context?.metrics;
      await reflect(client, kind, target, signal, { ...options, log, metrics });
    },
    synced,
    get hasSynced() {
      return hasSynced;
    },
    get: (namespace = '', name) => store.get(namespace, name)?.object,
    list: (namespace) => Array.from(store.entries(namespace), ({ object }) => object),
    byIndex: (index, key) => Array.from(store.byIndex(index, key), ({ object }) => object),
    observe(object) {
      const { namespace } = object.metadata;
      if (options.namespace !== undefined && namespace !== options.namespace) return;
      const { apiVersion, kind: kindName, metadata } = object;
      const selected = options.metadataOnly ? { apiVersion, kind: kindName } : object;
      // What the caller was given keeps its managedFields. The rest is shared, as everything is that is read from memory.
      const own = { ...selected, metadata: { ...metadata } } as O;
      publish(entriesOf(own).flatMap((entry) => store.observe(entry)));
    },
    onEvent(handler) {
      // Each registration is its own, also of one function twice.
      const own = (event: InformerEvent<T>) => handler(event);
      const known = [...store.entries()];
      handlers.add(own);
      for (const { object } of known) notify(own, { type: 'added', object, initial: true });
      return () => void handlers.delete(own);
    },
  };
}

function keysOf<T>(
  indexes: Readonly<Record<string, (object: T) => readonly string[]>> | undefined,
  object: T,
): IndexKeys | undefined {
  if (indexes === undefined) return undefined;
  return Object.fromEntries(Object.entries(indexes).map(([name, keys]) => [name, [...new Set(keys(object))]]));
}
