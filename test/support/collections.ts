/** As if Node.js were started with `--expose-gc`: counts how often a collection is asked for, until `end`. */
export function countCollections(): { readonly asked: number; end(): void } {
  const { gc } = globalThis;
  const counter = {
    asked: 0,
    end: () => void (globalThis.gc = gc),
  };
  globalThis.gc = ((): void => void (counter.asked += 1)) as NonNullable<typeof gc>;
  return counter;
}
