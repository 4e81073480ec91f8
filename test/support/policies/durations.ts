import fc from 'fast-check';
import type { Json } from './json.js';

const units = fc.constantFrom('ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h');
const decimals = fc.oneof(
  fc.integer({ min: 0, max: 5000 }).map(String),
  fc.tuple(fc.nat({ max: 200 }), fc.nat()).map(([whole, fraction]) => `${String(whole)}.${String(fraction)}`),
);

/** Durations that suit every field. */
export const duration = fc.constantFrom(
  ...[
    '5m',
    '90m',
    '1h30m',
    '1.5h',
    '24h',
    '1d',
    '7d',
    '1d12h',
    '2w',
    '1w2d3h',
    '90d',
    '2160h',
    '300s',
    '300000ms',
    '.5h',
    '1.h',
  ],
  ...[
    '5m0.5s',
    '300000000µs',
    '300000000μs',
    '12w6d',
    '89d24h',
    '0w5m',
    '0w0d5m',
    '0d300s',
    '0000w00000d5m',
    '300000000000ns',
  ],
);

/** Whatever a duration's grammar makes, its boundaries, and what is next to it. */
export const oddDuration = fc.oneof(
  fc
    .tuple(
      fc.option(fc.nat({ max: 20 }), { nil: null }),
      fc.option(fc.nat({ max: 100 }), { nil: null }),
      fc.array(
        fc.tuple(decimals, units).map((parts) => parts.join('')),
        { maxLength: 3 },
      ),
    )
    .map(
      ([weeks, days, rest]) =>
        `${weeks === null ? '' : `${String(weeks)}w`}${days === null ? '' : `${String(days)}d`}${rest.join('')}`,
    ),
  fc.constantFrom(
    ...[
      '4m59.999999999s',
      '4m59.9999999999s',
      '299999ms',
      '299999999999ns',
      '299.9999999999s',
      '4.99999999999999999999m',
    ],
    ...[
      '2160h0m0.000000001s',
      '2160h0m0.0000000001s',
      '2160h1ns',
      '90d1ns',
      '90d0.9ns',
      '12w6d1ns',
      '89d23h59m59.999999999s',
    ],
    ...[
      '9.999999999s',
      '9.9999999999s',
      '10s',
      '10.000000001s',
      '9999999999ns',
      '9999999µs',
      '0.0027777777777777776h',
      '0.002777777777777778h',
    ],
    ...[
      '9223372036854775807ns',
      '9223372036854775808ns',
      '9223372036.854775807s',
      '2562047h47m16.854775807s',
      '2562048h',
      '0.3333333333333333333h',
    ],
    ...[
      '9999w',
      '99999d',
      '9999w99999d',
      '9999w99999d2562047h',
      '15250w',
      '10000w',
      '100000d',
      '0.1w',
      '1.5d',
      '1d1d',
      '1h1w',
    ],
    ...[
      '99999999999999999999ns',
      '0.99999999999999999999h',
      '1.s',
      '.s',
      '.',
      '1..5s',
      '0h0m0s',
      '000000000000000000000000000010s',
    ],
  ),
  fc.constantFrom<Json>(
    ...[
      '',
      '5',
      '9s',
      '9.999s',
      '4m59s',
      '91d',
      '5 minutes',
      '1y',
      '12h7d',
      '-5m',
      '+5m',
      'P1D',
      '1d-2h',
      '99999999999h',
      '0',
      '0s',
      'd',
      'w',
    ],
    ...[
      '1w1w',
      'µs',
      '1m '.repeat(12),
      '5M',
      '5m\n',
      '٥m',
      '5ｍ',
      '1e3s',
      '0x5m',
      '300s'.padStart(32, '0'),
      '300s'.padStart(33, '0'),
      '5m\u0000',
    ],
    ...[null, 300, true, 0.5, [], {}],
  ),
  fc.string(),
);
