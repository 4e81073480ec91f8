/** Whether two JSON values say the same, whatever the order of keys. What is undefined counts as left out. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item, index) => sameJson(item, b[index]))
    );
  }
  const [left, right] = [said(a), said(b)];
  return (
    left.length === right.length &&
    left.every(
      ([key, value]) => Object.hasOwn(b, key) && sameJson(value, (b as Readonly<Record<string, unknown>>)[key]),
    )
  );
}

function said(object: object): [string, unknown][] {
  return Object.entries(object).filter(([, value]) => value !== undefined);
}
