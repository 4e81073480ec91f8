/** A JSON object of any shape. */
export type Tree = Record<string, unknown>;

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path such as `spec.metricsConfig.provider` or `spec.versions.0`; the empty path is the tree itself. */
export function treeAt(tree: unknown, path: string): unknown {
  let value = tree;
  for (const key of path.split('.').filter(Boolean)) {
    value = Array.isArray(value) ? (value as unknown[])[Number(key)] : isTree(value) ? value[key] : undefined;
  }
  return value;
}

/** `{ spec: { mode: value } }` for `spec.mode`; the value itself for the empty path. */
export function treeOf(path: string, value: unknown): unknown {
  return path
    .split('.')
    .filter(Boolean)
    .reduceRight((inner, key) => ({ [key]: inner }), value);
}

/**
 * A new tree: `over` wins, maps are merged, lists are replaced but for items with names (containers), which are merged by
 * them; a key that is empty in YAML (`spec:`) says nothing.
 */
export function merged(base: Tree, over: Tree): Tree {
  const result = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = result[key];
    if (value === null) continue;
    if (isTree(below) && isTree(value)) result[key] = merged(below, value);
    else if (isNamed(below) && isNamed(value)) result[key] = mergedByName(below, value);
    else result[key] = value;
  }
  return result;
}

type Named = Tree & { readonly name: string };

function isNamed(value: unknown): value is readonly Named[] {
  return Array.isArray(value) && value.every((item) => isTree(item) && typeof item.name === 'string');
}

function mergedByName(base: readonly Named[], over: readonly Named[]): Tree[] {
  const added = over.filter(({ name }) => !base.some((item) => item.name === name));
  const kept = base.map((item) => merged(item, over.find(({ name }) => name === item.name) ?? {}));
  return [...kept, ...added];
}

/** A new tree with a value put at a path, or with nothing there any more. */
export function withValue(tree: Tree, path: string, value: unknown): Tree {
  const [key = '', ...rest] = path.split('.');
  const below = tree[key];
  const next = rest.length === 0 ? value : withValue(isTree(below) ? below : {}, rest.join('.'), value);
  const { [key]: _, ...others } = tree;
  return next === undefined ? others : { ...tree, [key]: next };
}

/** Every path of `part` whose value is another one in `whole`, lists item by item. */
export function differences(part: unknown, whole: unknown, path = ''): string[] {
  if (isTree(part) && isTree(whole)) {
    return Object.entries(part).flatMap(([key, value]) =>
      value === null ? [] : differences(value, whole[key], path ? `${path}.${key}` : key),
    );
  }
  if (Array.isArray(part) && Array.isArray(whole) && part.length === whole.length) {
    return part.flatMap((item: unknown, index) => differences(item, whole[index], `${path}[${index}]`));
  }
  return JSON.stringify(part) === JSON.stringify(whole) ? [] : [path];
}
