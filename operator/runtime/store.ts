import { type IndexKeys, StoreIndexes } from './store-indexes.js';
import { isNewer } from './versions.js';

/** What a change did to an object that is kept. */
export type StoreEvent<T> =
  /** `initial` where it was there before anybody looked: no news. */
  | { readonly type: 'added'; readonly object: T; readonly initial?: true }
  | { readonly type: 'updated'; readonly object: T; readonly previous: T }
  | { readonly type: 'deleted'; readonly object: T };

/** An object as it is kept, and the version it is of. */
export interface Entry<T> {
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly object: T;
  readonly keys?: IndexKeys | undefined;
}

/** An object that was deleted, or left what is selected. */
export type Removal = Pick<Entry<unknown>, 'namespace' | 'name' | 'resourceVersion'>;

/**
 * Objects by namespace and name, as of a version that only grows: that of the last list, event or bookmark. Each change says
 * what it did; one that changes nothing says nothing.
 *
 * What the answer of a write told (`observe`) may be ahead of that version. Nothing older takes it away: not an event from
 * before the write, not a list. When the version has come to it, it counts no more: the events up to there say what is.
 */
export class Store<T> {
  readonly #namespaces = new Map<string, Map<string, Entry<T>>>();
  readonly #indexes = new StoreIndexes<T>();
  readonly #ahead = new Set<Entry<T>>();
  /** The names that the list under way has told so far, by namespace. */
  #listed = new Map<string, Set<string>>();
  #version: string | undefined;

  get(namespace: string, name: string): Entry<T> | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  *entries(namespace?: string): Generator<Entry<T>> {
    if (namespace !== undefined) yield* this.#namespaces.get(namespace)?.values() ?? [];
    else for (const names of this.#namespaces.values()) yield* names.values();
  }

  byIndex(index: string, key: string): Iterable<Entry<T>> {
    return this.#indexes.get(index, key);
  }

  /**
   * An event said that the object is of this version. Where it is known so, as it mostly is of what was written here, that is all
   * there is to it; otherwise follow with `set`.
   */
  confirm({ namespace, name, uid, resourceVersion }: Omit<Entry<unknown>, 'object' | 'keys'>): boolean {
    const known = this.get(namespace, name);
    if (known?.uid !== uid || known.resourceVersion !== resourceVersion) return false;
    this.#ahead.delete(known);
    return true;
  }

  /** An event said that the object is so. Follow with `advance`. */
  set(entry: Entry<T>): StoreEvent<T>[] {
    if (this.#isPast(entry)) return [];
    const before = this.get(entry.namespace, entry.name);
    return before && isOlder(entry, before) ? [] : this.#put(entry);
  }

  /** An event said that the object is gone. Follow with `advance`. */
  remove(removal: Removal): StoreEvent<T>[] {
    if (this.#isPast(removal)) return [];
    const before = this.get(removal.namespace, removal.name);
    return before && !isOlder(removal, before) ? this.#drop(before) : [];
  }

  /** The answer of a write. */
  observe(entry: Entry<T>): StoreEvent<T>[] {
    // What the events up to now say of the object is as new, that it was deleted since among it.
    if (this.#isPast(entry)) return [];
    const before = this.get(entry.namespace, entry.name);
    if (before && !isNewer(entry.resourceVersion, before.resourceVersion)) return [];
    const events = this.#put(entry);
    this.#ahead.add(entry);
    return events;
  }

  /** All events up to this version have been told. */
  advance(version: string): StoreEvent<T>[] {
    if (this.#version === undefined || isNewer(version, this.#version)) this.#version = version;
    if (this.#ahead.size === 0) return [];
    const passed = [...this.#ahead].filter(({ resourceVersion }) => !isNewer(resourceVersion, version));
    // No event told of it: it is not among what is selected.
    return passed.flatMap((entry) => this.#drop(entry));
  }

  /** A list begins, which shall tell all there is. */
  begin(): void {
    this.#listed = new Map();
  }

  /** A part of the list, which is of this version. It counts at once: what it says is true, whatever else there is. */
  list(entries: readonly Entry<T>[], version: string): StoreEvent<T>[] {
    const initial = this.#version === undefined;
    return entries.flatMap((entry) => {
      const { namespace, name } = entry;
      const names = this.#listed.get(namespace);
      if (names) names.add(name);
      else this.#listed.set(namespace, new Set([name]));
      const before = this.get(namespace, name);
      if (before && this.#isAhead(before, version)) return [];
      const events = this.#put(entry);
      return initial ? events.map((event) => (event.type === 'added' ? { ...event, initial } : event)) : events;
    });
  }

  /** The list is complete: what is missing in it was deleted unseen. */
  commit(version: string): StoreEvent<T>[] {
    const gone = [...this.entries()].filter(
      (entry) => !this.#listed.get(entry.namespace)?.has(entry.name) && !this.#isAhead(entry, version),
    );
    this.#listed = new Map();
    this.#version = version;
    return gone.flatMap((entry) => this.#drop(entry));
  }

  /** Nothing of the kind is left, nor the kind. */
  clear(): StoreEvent<T>[] {
    this.#version = undefined;
    return [...this.entries()].flatMap((entry) => this.#drop(entry));
  }

  #isPast({ resourceVersion }: Versioned): boolean {
    return this.#version !== undefined && !isNewer(resourceVersion, this.#version);
  }

  #isAhead(entry: Entry<T>, version: string): boolean {
    return this.#ahead.has(entry) && isNewer(entry.resourceVersion, version);
  }

  #put(entry: Entry<T>): StoreEvent<T>[] {
    const { namespace, name, object } = entry;
    let names = this.#namespaces.get(namespace);
    const before = names?.get(name);
    if (before) this.#ahead.delete(before);
    if (before?.uid === entry.uid && before.resourceVersion === entry.resourceVersion) return [];
    if (!names) this.#namespaces.set(namespace, (names = new Map<string, Entry<T>>()));
    if (before) this.#indexes.remove(before);
    names.set(name, entry);
    this.#indexes.add(entry);
    if (!before) return [{ type: 'added', object }];
    if (before.uid === entry.uid) return [{ type: 'updated', object, previous: before.object }];
    // One of that name was deleted and another created while nobody watched.
    return [
      { type: 'deleted', object: before.object },
      { type: 'added', object },
    ];
  }

  #drop(entry: Entry<T>): StoreEvent<T>[] {
    const { namespace, name, object } = entry;
    const names = this.#namespaces.get(namespace);
    this.#ahead.delete(entry);
    this.#indexes.remove(entry);
    names?.delete(name);
    if (names?.size === 0) this.#namespaces.delete(namespace);
    return [{ type: 'deleted', object }];
  }
}

type Versioned = Pick<Entry<unknown>, 'resourceVersion'>;

/** For certain: versions that cannot be compared come in order. */
function isOlder({ resourceVersion }: Versioned, than: Versioned): boolean {
  return resourceVersion !== than.resourceVersion && !isNewer(resourceVersion, than.resourceVersion);
}
