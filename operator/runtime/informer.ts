import type { Kind, KubeObject } from 'optipod/kube';
import type { KubeClient } from './client.js';
import type { RunContext } from './component.js';
import { type Logger, silentLogger } from './log.js';
import type { RuntimeMetrics } from './metrics.js';
import { resourceOf } from './paths.js';
import { type ReflectorOptions, reflect } from './reflector.js';
import { type Entry, Store, type StoreEvent } from './store.js';

/**
 * A change of an object, as it is kept. `deleted` carries the last state that was seen, which is not always the last there
 * was: a deletion may have been missed and found out by a later list.
 */
export type InformerEvent<T> = StoreEvent<T>;

/** Objects of one kind in memory, kept in step with the API. */
export interface Informer<T> {
  readonly role: 'cache';
  /** The resource, `deployments.apps`. */
  readonly name: string;
  /** Lists and watches until the signal is aborted; can be run once. */
  run(signal: AbortSignal, context?: RunContext): Promise<void>;
  /** When the first list is in memory. Pending forever where the informer is stopped before. */
  readonly synced: Promise<void>;
  readonly hasSynced: boolean;
  /** @param namespace undefined for cluster-scoped kinds */
  get(namespace: string | undefined, name: string): T | undefined;
  /** All objects, or those of one namespace; a new array. */
  list(namespace?: string): T[];
  /**
   * Calls the handler for every change, after memory has it; for what is in memory already, at once, as `added`. A handler
   * should only note what to do (enqueue a key). One that throws or rejects is logged and counted, and disturbs nobody.
   * @returns a function that ends it
   */
  onEvent(handler: (event: InformerEvent<T>) => unknown): () => void;
}

export interface InformerOptions<O, T> extends ReflectorOptions {
  /**
   * What to keep of an object: of a large kind, keep little. `metadata.managedFields` is gone before. Where it throws, that
   * is logged and counted, and the object stays as it was known.
   * @default the object
   */
  readonly project?: (object: O) => T;
}

export function createInformer<O extends KubeObject>(
  client: Pick<KubeClient, 'list' | 'watch'>,
  kind: Kind<O>,
  options?: InformerOptions<O, O> & { readonly project?: never },
): Informer<O>;
export function createInformer<O extends KubeObject, T>(
  client: Pick<KubeClient, 'list' | 'watch'>,
  kind: Kind<O>,
  options: InformerOptions<O, T> & { readonly project: (object: O) => T },
): Informer<T>;
export function createInformer<O extends KubeObject>(
  client: Pick<KubeClient, 'list' | 'watch'>,
  kind: Kind<O>,
  options: InformerOptions<O, unknown> = {},
): Informer<unknown> {
  const { project = (object: O) => object } = options;
  const resource = resourceOf(kind);
  const store = new Store<unknown>();
  const handlers = new Set<(event: InformerEvent<unknown>) => unknown>();
  let log: Logger = options.log ?? silentLogger;
  let metrics: RuntimeMetrics | undefined = options.metrics;
  let running = false;
  let hasSynced = false;
  let staged: Entry<unknown>[] = [];
  let markSynced: () => void = () => undefined;
  const synced = new Promise<void>((resolve) => (markSynced = resolve));

  function failed(stage: 'project' | 'handler', error: unknown): void {
    metrics?.informerErrors.inc({ resource, stage });
    log.error(
      { err: error, resource },
      stage === 'project' ? 'an object was not understood' : 'an event handler failed',
    );
  }

  function entryOf(object: O): Entry<unknown> | undefined {
    const { namespace = '', name, uid, resourceVersion } = object.metadata;
    // The largest part of many objects, and of use to nobody but kube-apiserver.
    delete (object.metadata as { managedFields?: unknown }).managedFields;
    try {
      return { namespace, name, uid, resourceVersion, object: project(object) };
    } catch (error) {
      failed('project', error);
      return store.get(namespace, name);
    }
  }

  function notify(handler: (event: InformerEvent<unknown>) => unknown, event: InformerEvent<unknown>): void {
    try {
      const outcome = handler(event);
      if (outcome instanceof Promise) outcome.catch((error: unknown) => failed('handler', error));
    } catch (error) {
      failed('handler', error);
    }
  }

  /** One that joins meanwhile is told of these changes by its replay. */
  function publish(events: readonly InformerEvent<unknown>[]): void {
    const listening = [...handlers];
    for (const event of events) for (const handler of listening) if (handlers.has(handler)) notify(handler, event);
  }

  const target = {
    begin: () => (staged = []),
    stage(objects: readonly O[]) {
      for (const object of objects) {
        const entry = entryOf(object);
        if (entry) staged.push(entry);
      }
    },
    commit() {
      const events = store.replace(staged);
      staged = [];
      hasSynced = true;
      publish(events);
      markSynced();
    },
    set(object: O) {
      const entry = entryOf(object);
      if (entry) publish(store.set(entry));
    },
    remove: ({ metadata: { namespace = '', name } }: O) => publish(store.remove(namespace, name)),
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
    onEvent(handler) {
      // Each registration is its own, also of one function twice.
      const own = (event: InformerEvent<unknown>) => handler(event);
      const known = [...store.entries()];
      handlers.add(own);
      for (const { object } of known) notify(own, { type: 'added', object });
      return () => void handlers.delete(own);
    },
  };
}
