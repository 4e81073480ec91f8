import fc from 'fast-check';
import { anyCharacter } from '../any-character.js';
import { hostileJson } from '../hostile-json.js';
import type { Json } from '../policies/json.js';
import { mutate } from '../policies/mutations.js';
import { podReview } from './pod-review.js';

/** Names that mean something to JavaScript, to Kubernetes or to JSON pointers. */
const name = fc.constantFrom(
  ...[
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'length',
    'toJSON',
    'then',
    'a/b',
    '~0',
    '',
  ],
  ...['request', 'uid', 'kind', 'object', 'metadata', 'ownerReferences', 'spec', 'containers', 'initContainers'],
  ...['resources', 'requests', 'limits', 'cpu', 'memory', 'restartPolicy', 'name', 'controller', 'namespace'],
);

const leaf: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, -0, -1, 1e308, 2 ** 53, 0.1, '', 'web', 'Pod', 'v1', 'UPDATE', 'Always'),
  fc.constantFrom<Json>('100m', '1e400', '-1', '0x10', '٣', '\u0000', '\ud800', '\u202e', '9'.repeat(4000)),
  fc.string({ unit: anyCharacter }),
  name,
);

const value = hostileJson(leaf, name);

/** Stand for what is too deep or too large for a tree, until it is text. */
const LARGE: Readonly<Record<string, (size: number) => string>> = {
  '<lists>': (size) => '['.repeat(size) + ']'.repeat(size),
  '<objects>': (size) => '{"a":'.repeat(size) + 'null' + '}'.repeat(size),
  '<text>': (size) => JSON.stringify('x'.repeat(size * 10)),
  '<containers>': (size) =>
    `[${Array<string>(Math.ceil(size / 10))
      .fill('{"name":"web","resources":{}}')
      .join()}]`,
};

const large = fc.constantFrom(...Object.keys(LARGE));
const how = fc.constantFrom('replace', 'remove', 'null', 'double', 'strange');
const change = fc.oneof(
  { weight: 12, arbitrary: fc.record({ at: fc.nat(), how, value }) },
  { weight: 1, arbitrary: fc.record({ at: fc.nat(), how: fc.constant('replace' as const), value: large }) },
);

/** A real review of which some parts are otherwise, as text. */
const changed = fc
  .tuple(fc.array(change, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 20_000 }))
  .map(([changes, size]) => {
    const review = changes.reduce<Json>(mutate, podReview());
    return JSON.stringify(review).replaceAll(/"(<[a-z]+>)"/g, (text, which: string) => LARGE[which]?.(size) ?? text);
  });

/** Keys that are said twice: the later one holds. */
const doubled = fc.tuple(changed, fc.nat(), name, value).map(([text, at, key, twice]) => {
  const braces = Array.from(text.matchAll(/\{(?!\})/g), ({ index }) => index);
  const place = (braces[at % Math.max(1, braces.length)] ?? -1) + 1;
  return `${text.slice(0, place)}${JSON.stringify(key)}:${JSON.stringify(twice)},${text.slice(place)}`;
});

/** Bytes of which some are otherwise: cut short, or with what is no UTF-8 in it. */
const odd = fc.constantFrom(
  [0xff],
  [0xc0, 0x80],
  [0xed, 0xa0, 0x80],
  [0xf4, 0x90, 0x80, 0x80],
  [0xef, 0xbb, 0xbf],
  [0],
  [0x22],
);
const damaged = fc
  .tuple(changed, fc.nat(), fc.nat({ max: 8 }), fc.oneof(odd, fc.array(fc.nat({ max: 255 }), { maxLength: 8 })))
  .map(([text, at, gone, put]) => {
    const bytes = Buffer.from(text);
    const place = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, place), Buffer.from(put), bytes.subarray(place + gone)]);
  });
const cut = fc.tuple(changed, fc.nat()).map(([text, at]) => Buffer.from(text).subarray(0, at % (text.length + 1)));

const anything = value.map((json) => JSON.stringify(json));

/** Bodies of requests: most of them nearly what kube-apiserver sends. */
export const hostileBody: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 12, arbitrary: changed.map((text) => Buffer.from(text)) },
  { weight: 3, arbitrary: doubled.map((text) => Buffer.from(text)) },
  { weight: 3, arbitrary: damaged },
  { weight: 1, arbitrary: cut },
  { weight: 1, arbitrary: anything.map((text) => Buffer.from(text)) },
);
