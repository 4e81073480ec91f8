import { expect } from 'chai';
import { policyValidator } from 'optipod/lib/api';
import { Apiserver, installCrds, policies } from '../../documents/apiserver.js';
import { withValue, type Tree } from '../../documents/tree.js';
import { sharedCluster } from '../../kit/index.js';

/** What people get wrong: a path under the policy, and a value for it; `undefined` leaves it out. */
const MISTAKES: readonly (readonly [string, unknown])[] = [
  ['spec', undefined],
  ['spec', null],
  ['spec', []],
  ['spec.mode', undefined],
  ['spec.mode', 'auto'],
  ['spec.mode', true],
  ['spec.weight', 0],
  ['spec.weight', 1001],
  ['spec.weight', '100'],
  ['spec.weight', 1.5],
  ['spec.selector', {}],
  ['spec.selector', 'web'],
  ['spec.selector.namespaces.allow', 'web'],
  ['spec.selector.namespaces.allow', ['web', 'shop', 'web']],
  ['spec.selector.namespaces.allow', ['']],
  ['spec.selector.namespaces.allow', ['x'.repeat(64)]],
  ['spec.selector.namespaces.allow', Array.from({ length: 1001 }, (_, i) => `n${String(i)}`)],
  ['spec.selector.workloadTypes', { include: ['Job'] }],
  ['spec.selector.workloadSelector', { matchLabels: { team: 7, 5: true, 'a/b~c.d': null } }],
  [
    'spec.selector.workloadSelector',
    { matchLabels: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [i, ''])) },
  ],
  ['spec.selector.workloadSelector', { matchExpressions: [{ key: 'tier', operator: 'In' }] }],
  ['spec.selector.workloadSelector', { matchExpressions: [{ key: 'tier', operator: 'Exists', values: ['web'] }] }],
  ['spec.selector.workloadSelector', { matchExpressions: [{ operator: 'exists' }] }],
  ['spec.metricsConfig.rollingWindow', '5 minutes'],
  ['spec.metricsConfig.rollingWindow', '91d'],
  ['spec.metricsConfig.rollingWindow', ''],
  ['spec.metricsConfig.rollingWindow', 300],
  ['spec.metricsConfig.safetyFactor', 0.9],
  ['spec.metricsConfig.percentile', 'P95'],
  ['spec.resourceBounds.cpu', { min: '2', max: '1' }],
  ['spec.resourceBounds.cpu.min', '0'],
  ['spec.resourceBounds.cpu.min', 'lots'],
  ['spec.resourceBounds.memory.max', -1],
  ['spec.updateStrategy', { limitConfig: { cpuLimitMultiplier: 11 } }],
  ['spec.updateStrategy', { gradualDecreaseConfig: { memoryDecreasePercentage: 0 } }],
  ['spec.reconciliationInterval', '9s'],
  ['metadata', {}],
  ['metadata.name', 'Web_1'],
  ['metadata.labels', { team: 'a b' }],
  ['metadata.ownerReferences', [{}]],
  ['metadata.ownerReferences', [{ apiVersion: 'a/b/c', kind: 'Deployment', name: 'web', uid: '1' }]],
  ['metadata.finalizers', ['a b', '']],
  ['kind', 'OptimizationPolicies'],
];

describe('B-API-9 the validator says what kube-apiserver says', function () {
  this.timeout(120_000);
  let apiserver: Apiserver;

  before(async () => {
    const cluster = await sharedCluster('control-plane');
    await installCrds(cluster);
    apiserver = new Apiserver(cluster);
  });
  after(() => apiserver.close());

  for (const [path, value] of MISTAKES) {
    it(`${path}: ${(JSON.stringify(value) as string | undefined)?.slice(0, 60) ?? 'nothing'}`, async () => {
      const policy = withValue(good(), path, value);
      const { body } = await apiserver.ask('POST', `${policies()}?dryRun=All&fieldValidation=Strict`, policy);
      const { message = '' } = body as { message?: string };
      const ours = policyValidator.validate(policy).map(({ path: at, message: said }) => `${at}: ${said}`);
      expect(ours.sort()).to.deep.equal(linesOf(message).sort());
    });
  }

  it('B-API-3 an unquoted 0.5 is refused with the advice to quote it', () => {
    const errors = policyValidator.validate(withValue(good(), 'spec.resourceBounds.cpu.min', 0.5));
    expect(errors.map(({ path, message }) => `${path}: ${message}`)).to.deep.equal([
      'spec.resourceBounds.cpu.min: Invalid value: "number": spec.resourceBounds.cpu.min in body must be of type ' +
        'integer,string: "number"; write it in quotes: "0.5"',
    ]);
  });
});

/** The errors in kube-apiserver's sentence; those without a field tell of others. */
function linesOf(message: string): string[] {
  const [, list = ''] = / is invalid: \[?(.*?)\]?$/s.exec(message) ?? [];
  return list.split(/, (?=(?:spec|metadata|kind|<nil>)[\w.[\]]*: )/).filter((line) => !line.startsWith('<nil>'));
}

function good(): Tree {
  return {
    apiVersion: 'optipod.io/v1alpha1',
    kind: 'OptimizationPolicy',
    metadata: { name: 'web' },
    spec: {
      mode: 'Recommend',
      selector: { namespaces: { allow: ['web'] } },
      metricsConfig: { provider: 'prometheus' },
      resourceBounds: { cpu: { min: '100m', max: '4' }, memory: { min: '64Mi', max: '8Gi' } },
      updateStrategy: {},
    },
  };
}
