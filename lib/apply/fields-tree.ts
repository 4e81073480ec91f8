import { isRecord } from '../kube/index.js';

/** What a manager said, as `metadata.managedFields` has it. */
export type FieldsTree = Readonly<Record<string, unknown>>;

/** What is said below a path of keys; nothing where it does not lead anywhere. */
export function descend(tree: unknown, ...path: readonly string[]): FieldsTree {
  let here: unknown = tree;
  for (const step of path) here = isRecord(here) ? here[step] : undefined;
  return isRecord(here) ? here : {};
}
