/** What a change did to an object that is kept. */
export type StoreEvent<T> =
  | { readonly type: 'added'; readonly object: T }
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
}

/** Objects by namespace and name. Each change says what it did; one that changes nothing says nothing. */
export class Store<T> {
  readonly #namespaces = new Map<string, Map<string, Entry<T>>>();

  get(namespace: string, name: string): Entry<T> | undefined {
    return this.#namespaces.get(namespace)?.get(name);
  }

  *entries(namespace?: string): Generator<Entry<T>> {
    if (namespace !== undefined) yield* this.#namespaces.get(namespace)?.values() ?? [];
    else for (const names of this.#namespaces.values()) yield* names.values();
  }

  set(entry: Entry<T>): StoreEvent<T>[] {
    const { namespace, name, object } = entry;
    const before = this.get(namespace, name);
    if (before?.uid === entry.uid && before.resourceVersion === entry.resourceVersion) return [];
    let names = this.#namespaces.get(namespace);
    if (!names) this.#namespaces.set(namespace, (names = new Map<string, Entry<T>>()));
    names.set(name, entry);
    if (!before) return [{ type: 'added', object }];
    if (before.uid === entry.uid) return [{ type: 'updated', object, previous: before.object }];
    // One of that name was deleted and another created while nobody watched.
    return [
      { type: 'deleted', object: before.object },
      { type: 'added', object },
    ];
  }

  remove(namespace: string, name: string): StoreEvent<T>[] {
    const names = this.#namespaces.get(namespace);
    const before = names?.get(name);
    if (!names || !before) return [];
    names.delete(name);
    if (names.size === 0) this.#namespaces.delete(namespace);
    return [{ type: 'deleted', object: before.object }];
  }

  /** Makes the given entries all there is. What is missing among them was deleted unseen. */
  replace(entries: readonly Entry<T>[]): StoreEvent<T>[] {
    const kept = new Map<string, Set<string>>();
    for (const { namespace, name } of entries) {
      const names = kept.get(namespace);
      if (names) names.add(name);
      else kept.set(namespace, new Set([name]));
    }
    const gone = [...this.entries()].filter(({ namespace, name }) => !kept.get(namespace)?.has(name));
    return [
      ...gone.flatMap(({ namespace, name }) => this.remove(namespace, name)),
      ...entries.flatMap((entry) => this.set(entry)),
    ];
  }
}
