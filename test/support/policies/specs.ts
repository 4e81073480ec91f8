import fc from 'fast-check';
import { duration } from './durations.js';
import { amount } from './quantities.js';

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
