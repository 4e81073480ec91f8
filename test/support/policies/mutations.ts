import fc from 'fast-check';
import { anyCharacter } from '../any-character.js';
import { oddDuration } from './durations.js';
import type { Json } from './json.js';
import { oddAmount } from './quantities.js';

const hostile = fc.oneof(
  fc.string({ unit: anyCharacter }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    '\u0000',
    '\u202e',
    '👩‍👩‍👧',
    'ü'.repeat(63),
    'ü'.repeat(64),
    '%s%n',
    '${self}',
    '"',
    '\\',
    '~1',
  ),
);

/** Lists and maps at the largest size that any of the schema allows, and one beyond; some of them with a double. */
const huge = fc
  .tuple(
    fc.constantFrom(3, 4, 100, 101, 500, 501, 1000, 1001),
    fc.boolean(),
    fc.constantFrom('list', 'requirements', 'map'),
  )
  .map(([size, double, shape]): Json => {
    const names = Array.from({ length: size }, (_, i) => `name-${String(double && i === size - 1 ? 0 : i)}`);
    if (shape === 'map') return Object.fromEntries(names.map((name) => [name, 'web']));
    return shape === 'list' ? names : names.map((key) => ({ key, operator: 'Exists' }));
  });

const wrong = fc.oneof(
  fc.constantFrom<Json>(null, true, 0, -1, 1, 1001, 0.5, 1e20, '', 'x', [], {}, [null], ['web', 'web'], [''], { a: 1 }),
  fc.constantFrom<Json>(
    'x'.repeat(400),
    'Auto',
    ['Deployment', 'Deployment'],
    'a'.repeat(63),
    'a'.repeat(64),
    [1, 1],
    [[], []],
    [{}, {}],
  ),
  fc.constantFrom<Json>(
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31) - 1,
    2 ** 53,
    2 ** 63 + 2048,
    10.5,
    0.999,
    10.0000001,
    9.999999999,
    1e308,
    -0,
    100_001,
  ),
  fc.constantFrom<Json>(
    { key: 'a', operator: 'In' },
    [{ key: 'a', operator: 'In', values: [] }],
    [{ key: '', operator: 'Exists', values: ['x'] }],
    { ['__proto__']: 'x' },
  ),
  oddAmount,
  oddDuration,
  hostile,
  huge,
);

/** What happens to one field of an object. */
export interface Mutation {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'null' | 'double' | 'strange';
  readonly value: Json;
}

export const mutation: fc.Arbitrary<Mutation> = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'null', 'double', 'strange'),
  value: wrong,
});

/** Changes one field somewhere in a tree: another value, none, a duplicate in a list, a stranger beside it. */
export function mutate(tree: Json, { at, how, value }: Mutation): Json {
  const result = structuredClone(tree);
  const places: { parent: Record<string, Json> | Json[]; key: string | number }[] = [];
  const visit = (node: Json): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const key of Array.isArray(node) ? node.keys() : Object.keys(node)) {
      places.push({ parent: node, key });
      visit((node as Record<string | number, Json>)[key] ?? null);
    }
  };
  visit(result);
  const place = places[at % places.length];
  if (!place) return result;
  const parent = place.parent as Record<string | number, Json>;
  if (how === 'remove' && !Array.isArray(place.parent)) Reflect.deleteProperty(parent, place.key);
  else if (how === 'double' && Array.isArray(place.parent))
    place.parent.push(structuredClone(parent[place.key] ?? null));
  else if (how === 'strange' && !Array.isArray(place.parent)) parent.stranger = 1;
  else parent[place.key] = how === 'null' ? null : structuredClone(value);
  return result;
}
