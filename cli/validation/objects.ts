import { isMap, isScalar, isSeq, type Node } from 'yaml';

/** An object of the API in a document: the document itself, or an item of a List in it. */
export interface ObjectNode {
  readonly node: Node;
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
}

/** Lists are opened, as kubectl does with every kind that ends in List and has items. */
export function objectsIn(node: unknown): ObjectNode[] {
  if (!isMap(node)) return [];
  const kind = text(node, 'kind');
  const items = node.get('items', true);
  if (kind.endsWith('List') && isSeq(items)) return items.items.flatMap(objectsIn);
  const metadata = node.get('metadata', true);
  const name = isMap(metadata) ? text(metadata, 'name') || text(metadata, 'generateName') : '';
  return [{ node: node, apiVersion: text(node, 'apiVersion'), kind, name }];
}

function text(map: { get: (key: string, keepScalar: true) => unknown }, key: string): string {
  const value = map.get(key, true);
  return isScalar(value) && typeof value.value === 'string' ? value.value : '';
}
