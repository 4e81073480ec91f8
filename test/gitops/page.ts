import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { isTree, treeAt, type Tree } from '../documents/tree.js';

/** What stands in the YAML blocks of docs/gitops.md, in their order. */
export const blocks: readonly unknown[] = Array.from(
  readFileSync(join(import.meta.dirname, '../../docs/gitops.md'), 'utf8').matchAll(/^```yaml\n(.*?)^```$/gms),
  ([, yaml = '']) => parse(yaml) as unknown,
);

/** The page's object of a kind. */
export function objectOf(kind: string): Tree {
  const object = blocks.filter(isTree).find((block) => block.kind === kind);
  if (!object) throw new Error(`docs/gitops.md shows no ${kind}`);
  return object;
}

/** The page's Application as the server-side diff needs it: with the path of its one entry in every entry. */
export function applicationForServerSideDiff(): Tree {
  const application = objectOf('Application');
  const [entry] = blocks.find((block) => Array.isArray(block)) as [Tree];
  const { jqPathExpressions } = entry;
  const rules = treeAt(application, 'spec.ignoreDifferences') as Tree[];
  const ignoreDifferences = rules.map((rule) => ({ ...rule, jqPathExpressions }));
  return { ...application, spec: { ...(application.spec as Tree), ignoreDifferences } };
}
