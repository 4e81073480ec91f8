import type { Entry } from './store.js';

/** Under which keys an object is found; by an index's name. */
export type IndexKeys = Readonly<Record<string, readonly string[]>>;

/** Finds entries by the keys that they carry. */
export class StoreIndexes<T> {
  readonly #indexes = new Map<string, Map<string, Set<Entry<T>>>>();

  get(index: string, key: string): Iterable<Entry<T>> {
    return this.#indexes.get(index)?.get(key) ?? [];
  }

  add(entry: Entry<T>): void {
    for (const [name, key] of keysOf(entry)) {
      let index = this.#indexes.get(name);
      if (!index) this.#indexes.set(name, (index = new Map<string, Set<Entry<T>>>()));
      const entries = index.get(key);
      if (entries) entries.add(entry);
      else index.set(key, new Set([entry]));
    }
  }

  remove(entry: Entry<T>): void {
    for (const [name, key] of keysOf(entry)) {
      const index = this.#indexes.get(name);
      const entries = index?.get(key);
      entries?.delete(entry);
      if (entries?.size === 0) index?.delete(key);
    }
  }
}

function keysOf({ keys = {} }: Entry<unknown>): [string, string][] {
  return Object.entries(keys).flatMap(([name, values]) => values.map((value): [string, string] => [name, value]));
}
