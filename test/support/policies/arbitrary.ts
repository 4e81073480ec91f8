import fc from 'fast-check';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** Every way to write an amount that is greater than zero. */
const amount = fc.oneof(
  fc.integer({ min: 1, max: 1e9 }),
  fc
    .tuple(
      fc.integer({ min: 1, max: 9999 }),
      fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'T', 'Ki', 'Mi', 'Gi', 'e3', 'E2', 'e-2'),
    )
    .map(([n, suffix]) => `${String(n)}${suffix}`),
  fc.constantFrom('0.5', '.5', '5.', '+1', '1e3', '1E', '1.5Gi', '0.001', '1e-9', '9223372036854775807', '1Ei', '0100'),
);

/** What only looks like one, and the boundaries. */
const noAmount = fc.oneof(
  fc.constantFrom<Json>(
    '0',
    0,
    -1,
    '-5m',
    '',
    ' 1',
    '1 ',
    '1gi',
    '1 Gi',
    'abc',
    '1e',
    '--1',
    '1,5',
    'NaN',
    '1e400',
    '0e5',
    '0x10',
    '½',
    '1Gi\n',
    null,
    true,
    0.5,
    '9'.repeat(64),
    '9'.repeat(65),
  ),
  fc.string(),
);

const duration = fc.constantFrom(
  '5m',
  '10s',
  '90s',
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
  '5m0.5s',
  '300000000µs',
);
const noDuration = fc.oneof(
  fc.constantFrom<Json>(
    '',
    '5',
    '9s',
    '9.999s',
    '4m59s',
    '91d',
    '2160h1ns',
    '5 minutes',
    '1y',
    '12h7d',
    '-5m',
    '+5m',
    'P1D',
    '1d-2h',
    '9999w99999d',
    '99999999999h',
    '0',
    '0s',
    'd',
    'w',
    '1w1w',
    'µs',
    '1m '.repeat(12),
    null,
    300,
    true,
  ),
  fc.string(),
);

const label = fc.constantFrom('team', 'app.kubernetes.io/name', 'tier', 'a b', '', '__proto__', 'constructor', 'ü');
const labelValue = fc.constantFrom('web', '', 'x'.repeat(63), 'back end');
const expression = fc.oneof(
  fc.record({
    key: fc.constantFrom('team', 'a/b'),
    operator: fc.constantFrom('In', 'NotIn'),
    values: fc.array(labelValue, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({ key: fc.constantFrom('team', 'a/b'), operator: fc.constantFrom('Exists', 'DoesNotExist') }),
);
const labelSelector = fc.record(
  {
    matchLabels: fc.dictionary(label, labelValue, { maxKeys: 3 }),
    matchExpressions: fc.array(expression, { maxLength: 3 }),
  },
  { requiredKeys: [] },
);
const kinds = fc.uniqueArray(fc.constantFrom('Deployment', 'StatefulSet', 'DaemonSet'));
const names = fc.uniqueArray(fc.constantFrom('web', 'shop', 'kube-system', 'x'.repeat(63)), { maxLength: 3 });

const selector = fc.record(
  {
    namespaceSelector: labelSelector,
    workloadSelector: labelSelector,
    namespaces: fc.record({ allow: names, deny: names }, { requiredKeys: [] }),
    workloadTypes: fc.record({ include: kinds, exclude: kinds }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);

const bound = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom({ min: '100m', max: 4 }, { min: '1Gi', max: 2 ** 30 }, { min: '1', max: '1000m' }),
  },
  { weight: 2, arbitrary: fc.record({ min: amount, max: amount }) },
);

const updateStrategy = fc.record(
  {
    strategy: fc.constantFrom('ssa', 'webhook'),
    rolloutStrategy: fc.constantFrom('immediate', 'onNextRestart'),
    allowInPlaceResize: fc.boolean(),
    updateRequestsOnly: fc.boolean(),
    limitConfig: fc.record(
      { cpuLimitMultiplier: fc.constantFrom(1, 1.5, 10), memoryLimitMultiplier: fc.constantFrom(1, 1.1, 10) },
      { requiredKeys: [] },
    ),
    gradualDecreaseConfig: fc.record(
      {
        enabled: fc.boolean(),
        memoryDecreasePercentage: fc.integer({ min: 1, max: 50 }),
        minimumDecreaseThreshold: amount,
        maximumTotalDecrease: fc.integer({ min: 1, max: 90 }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

/** Specs that mostly are valid. */
export const spec = fc.record(
  {
    mode: fc.constantFrom('Auto', 'Recommend', 'Disabled'),
    weight: fc.integer({ min: 1, max: 1000 }),
    selector: fc.oneof(
      { weight: 3, arbitrary: fc.constant({ namespaces: { allow: ['web'] } }) },
      { weight: 2, arbitrary: selector },
    ),
    metricsConfig: fc.record(
      {
        provider: fc.constantFrom('prometheus', 'metrics-server', 'custom'),
        metricsServer: fc.record({ minSamplesRequired: fc.integer({ min: 1, max: 100_000 }) }, { requiredKeys: [] }),
        rollingWindow: duration,
        percentile: fc.constantFrom('P50', 'P90', 'P99'),
        safetyFactor: fc.constantFrom(1, 1.2, 3, 1e6),
      },
      { requiredKeys: ['provider'] },
    ),
    resourceBounds: fc.record({ cpu: bound, memory: bound }),
    updateStrategy,
    reconciliationInterval: duration,
  },
  { requiredKeys: ['mode', 'selector', 'metricsConfig', 'resourceBounds', 'updateStrategy'], noNullPrototype: true },
);

const wrong = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    0,
    -1,
    1,
    1001,
    0.5,
    1e20,
    '',
    'x',
    [],
    {},
    [null],
    ['web', 'web'],
    [''],
    { a: 1 },
    'x'.repeat(400),
    'Auto',
    ['Deployment', 'Deployment'],
  ),
  noAmount,
  noDuration,
  fc.string({ unit: 'binary' }),
);

/** What happens to one field of a policy. */
export const mutation = fc.record({
  at: fc.nat(),
  how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'null', 'double', 'strange'),
  value: wrong,
});

/** Changes one field somewhere in a tree: another value, none, a duplicate in a list, a stranger beside it. */
export function mutate(tree: Json, { at, how, value }: { at: number; how: string; value: unknown }): Json {
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
  else parent[place.key] = how === 'null' ? null : (value as Json);
  return result;
}
