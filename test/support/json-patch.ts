import { sameJson, type JsonPatchOperation } from 'optipod/kube';

type Node = Record<string, unknown>;

/** Applies add, replace, remove and test as kube-apiserver would: strict about parents and keys that are not there. */
export function applyPatch(document: unknown, operations: readonly JsonPatchOperation[]): unknown {
  const result = structuredClone(document);
  for (const operation of operations) {
    const segments = operation.path
      .split('/')
      .slice(1)
      .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = segments.pop() ?? '';
    let parent = result as Node;
    for (const segment of segments) {
      const next = parent[segment];
      if (typeof next !== 'object' || next === null) throw new Error(`no ${segment} on the way to ${operation.path}`);
      parent = next as Node;
    }
    if (operation.op !== 'add' && !Object.hasOwn(parent, last))
      throw new Error(`no ${operation.path} to ${operation.op}`);
    if (operation.op === 'test') {
      if (!sameJson(parent[last], operation.value)) throw new Error(`${operation.path} is another`);
    } else if (operation.op === 'remove') Reflect.deleteProperty(parent, last);
    else parent[last] = structuredClone(operation.value);
  }
  return result;
}
