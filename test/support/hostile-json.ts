import fc from 'fast-check';
import type { Json } from './policies/json.js';

/** Any JSON of these leaves and names: small for the most part, and each name a value's own, `__proto__` among them. */
export function hostileJson(leaf: fc.Arbitrary<Json>, name: fc.Arbitrary<string>): fc.Arbitrary<Json> {
  return fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.array(fc.tuple(name, tie('value')), { maxLength: 5 }).map(objectOf),
    ),
  })).value;
}

/** As JSON.parse makes it: an assignment to `__proto__` would make a prototype of it. */
function objectOf(entries: readonly (readonly [string, Json])[]): Json {
  return JSON.parse(`{${entries.map(([key, one]) => `${JSON.stringify(key)}:${JSON.stringify(one)}`).join()}}`) as Json;
}
