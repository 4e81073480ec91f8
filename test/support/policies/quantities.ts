import fc from 'fast-check';
import type { Json } from './json.js';

const digits = fc.oneof(
  fc.constantFrom('0', '00', '1', '9', '0100'),
  fc.nat().map(String),
  fc.bigInt({ min: 0n, max: 2n ** 70n }).map(String),
);
const suffix = fc.oneof(
  fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'),
  fc
    .tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), fc.integer({ min: 0, max: 25 }))
    .map((parts) => parts.join('')),
);

/** Every way to write an amount that is greater than zero. */
export const amount = fc.oneof(
  fc.integer({ min: 1, max: 1e9 }),
  fc.tuple(fc.integer({ min: 1, max: 9999 }), suffix).map(([n, unit]) => `${String(n)}${unit}`),
  fc.constantFrom('0.5', '.5', '5.', '+1', '1e3', '1E', '1.5Gi', '0.001', '1e-9', '9223372036854775807', '1Ei', '0100'),
);

/** Whatever a quantity's grammar makes, and what is next to it. */
export const oddAmount = fc.oneof(
  fc
    .tuple(fc.constantFrom('', '', '', '+', '-'), fc.option(digits, { nil: '' }), fc.option(digits), suffix)
    .map(([sign, whole, fraction, unit]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${unit}`),
  // The ends of int64 (2 ** 63 is read for its largest, and is not written as that), and of the integers that JSON and JavaScript agree on.
  fc.constantFrom<Json>(
    2 ** 31,
    2 ** 53,
    2 ** 53 + 2,
    -(2 ** 53),
    2 ** 63 - 1024,
    2 ** 63 + 2048,
    -(2 ** 63),
    1e21,
    1e300,
    1e-7,
    4.000000001,
  ),
  fc.constantFrom(
    '9223372036854775807',
    '9223372036854775808',
    '-9223372036854775808',
    '9223372036854775807E',
    '7Ei',
    '8Ei',
    '9223372036854775807m',
    '9223372036854775808n',
    '1e-10',
    '1e18',
    '1e19',
    '1e99',
    '1e-99',
    '1e2147483647',
    '1e-2147483649',
    '1e123',
    '1e-999',
    '1e00',
    '0.0000000001',
    '0.0000000000000000000000000001Ki',
    '1.0000000001',
    '99999999999999999999999.99999999999999999999999999',
    `${'0'.repeat(62)}1m`,
  ),
  fc.constantFrom<Json>(
    '0',
    0,
    -0,
    -1,
    '-5m',
    '',
    '.',
    '+',
    '-',
    '+.',
    '.Ki',
    ' 1',
    '1 ',
    '1gi',
    '1 Gi',
    'abc',
    '1e',
    '1e+',
    '--1',
    '1,5',
  ),
  fc.constantFrom<Json>(
    'NaN',
    'Inf',
    '1e400',
    '0e5',
    '0x10',
    '0b1',
    '½',
    '١',
    '1_000',
    '1Gi\n',
    '\u00001',
    '1KI',
    '1K',
    '1ki',
    '1mi',
    '1e1e1',
  ),
  fc.constantFrom<Json>(null, true, 0.5, 1.5, [], {}, '9'.repeat(64), '9'.repeat(65), '½'.repeat(64)),
  fc.string(),
);
