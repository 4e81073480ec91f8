import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Pair, type YAMLMap } from 'yaml';
import { childPath } from '../../lib/kube/index.js';

/** A field in a document: its key, where it has one (items of lists do not), and its value. */
export interface Place {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
  /** What of the path the document does not have: the place is that of the nearest field around it then. */
  readonly missing: string;
}

/** Finds the field of a path such as `spec.selector.namespaces.allow[1]`. Keys with dots in them (labels) are found, too. */
export function placeOf(document: Document, root: Node, path: string): Place {
  return walk(document, { key: undefined, value: root, missing: path });
}

function walk(document: Document, here: Place): Place {
  const { missing } = here;
  const node = isAlias(here.value) ? here.value.resolve(document) : here.value;
  if (missing === '') return here;
  if (isSeq(node)) {
    const [index = '', number] = /^\[(\d+)\]\.?/.exec(missing) ?? [];
    const item = node.items[Number(number)] as Node | undefined;
    return item ? walk(document, { key: undefined, value: item, missing: missing.slice(index.length) }) : here;
  }
  if (!isMap(node)) return here;
  let best = here;
  for (const { key, value } of pairsOf(document, node)) {
    const name = nameOf(key);
    if (!missing.startsWith(name) || !['.', '[', undefined].includes(missing[name.length])) continue;
    const rest = missing.slice(name.length).replace(/^\./, '');
    const found = walk(document, { key, value: value ?? undefined, missing: rest });
    // Of two keys of the same name the last one counts.
    if (found.missing.length <= best.missing.length) best = found;
  }
  return best;
}

/** A key that is in a map twice, by the offset of the second one. */
export function duplicateAt(root: Node, offset: number, path = ''): { path: string; value: Node | null } | undefined {
  if (isSeq(root)) {
    for (const [i, item] of root.items.entries()) {
      const found = duplicateAt(item as Node, offset, childPath(path, i));
      if (found) return found;
    }
  }
  if (!isMap(root)) return undefined;
  for (const { key, value } of root.items as Pair<Node, Node | null>[]) {
    const at = childPath(path, nameOf(key));
    if (key.range?.[0] === offset) return { path: at, value };
    const found = value && duplicateAt(value, offset, at);
    if (found) return found;
  }
  return undefined;
}

/** The pairs of a map; those merged into it (`<<: *defaults`) come first, for its own win. */
function pairsOf(document: Document, map: YAMLMap): Pair<Node, Node | null>[] {
  const own = map.items as Pair<Node, Node | null>[];
  const merged = own
    .filter(({ key }) => nameOf(key) === '<<')
    .flatMap(({ value }) => (isSeq(value) ? (value.items as Node[]) : [value]))
    .map((source) => (isAlias(source) ? source.resolve(document) : source))
    .flatMap((source) => (isMap(source) && source !== map ? pairsOf(document, source) : []));
  return [...merged, ...own];
}

function nameOf(key: Node | null): string {
  if (!isScalar(key)) return '';
  // The parser makes a symbol of a merge key.
  return typeof key.value === 'symbol' ? (key.value.description ?? '') : String(key.value);
}
