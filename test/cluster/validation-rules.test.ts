import { expect } from 'chai';
import { OptimizationPolicy } from '../../lib/api/index.js';
import { crd } from '../../lib/kube/index.js';
import { Apiserver, type Refusal, installCrds, load, policies, refusal } from '../documents/apiserver.js';
import { type Tree, treeAt, withValue } from '../documents/tree.js';
import { sharedCluster, waitFor } from '../kit/index.js';

/** A path under the policy and a value for it; `undefined` leaves it out. */
type Change = readonly [path: string, value: unknown];

/** A line of the document's section "Validation Rules". */
interface Rule {
  readonly line: string;
  readonly refused: readonly {
    readonly change: Change;
    readonly says: RegExp;
    /** @default the path of the change */
    readonly fields?: readonly string[];
  }[];
  readonly accepted?: readonly Change[];
}

const gradual = 'spec.updateStrategy.gradualDecreaseConfig';
const limits = 'spec.updateStrategy.limitConfig';

const requiredFields: readonly Rule[] = [
  {
    line: 'spec.mode - Must be one of: Auto, Recommend, Disabled',
    refused: [
      { change: ['spec.mode', undefined], says: /Required value/ },
      {
        change: ['spec.mode', 'auto'],
        says: /Unsupported value: "auto": supported values: "Auto", "Recommend", "Disabled"/,
      },
    ],
    accepted: [
      ['spec.mode', 'Auto'],
      ['spec.mode', 'Recommend'],
      ['spec.mode', 'Disabled'],
    ],
  },
  {
    line: 'spec.selector - At least one selector type must be specified',
    refused: [
      { change: ['spec.selector', undefined], says: /Required value/ },
      {
        change: ['spec.selector', {}],
        says: /at least one of namespaceSelector, workloadSelector, namespaces and workloadTypes/,
      },
    ],
  },
  {
    line: 'spec.metricsConfig.provider - Must be specified',
    refused: [{ change: ['spec.metricsConfig.provider', undefined], says: /Required value/ }],
  },
  ...['cpu', 'memory'].flatMap((resource) => [bound(resource, 'min'), bound(resource, 'max')]),
];

function bound(resource: string, end: 'min' | 'max'): Rule {
  const path = `spec.resourceBounds.${resource}.${end}`;
  // A maximum that is not above zero is also below the minimum.
  const fields = end === 'min' ? [path] : [path, `spec.resourceBounds.${resource}.min`];
  const says = /must be a quantity greater than zero/;
  return {
    line: `${path} - Must be greater than zero`,
    refused: [
      { change: [path, undefined], says: /Required value/ },
      ...['0', 0, '0m', '0Gi', '-1', -1].map((value) => ({ change: [path, value] as const, fields, says })),
      ...['', 'much', '1 Gi', '1gi'].map((value) => ({ change: [path, value] as const, says })),
    ],
  };
}

/** The values just outside a range are refused, its ends are accepted. */
function range(line: string, path: string, outside: readonly [number, number?], ends: readonly number[]): Rule {
  const [below, above] = outside;
  const lower = { change: [path, below] as const, says: /should be greater than or equal to/ };
  const upper = { change: [path, above] as const, says: /should be less than or equal to/ };
  return {
    line: `${path} - ${line}`,
    refused: above === undefined ? [lower] : [lower, upper],
    accepted: ends.map((end) => [path, end] as const),
  };
}

const valueConstraints: readonly Rule[] = [
  range('Must be between 1 and 1000', 'spec.weight', [0, 1001], [1, 1000]),
  range('Must be >= 1.0', 'spec.metricsConfig.safetyFactor', [0.99], [1, 1.01, 25]),
  range('Must be >= 1', 'spec.metricsConfig.metricsServer.minSamplesRequired', [0], [1]),
  ...['cpu', 'memory'].map((resource): Rule => {
    const bounds = `spec.resourceBounds.${resource}`;
    return {
      line: `${bounds}.min - Must be <= ${bounds}.max`,
      refused: [
        {
          change: [bounds, { min: '2', max: '1999m' }],
          fields: [`${bounds}.min`],
          says: /min must be less than or equal to max/,
        },
        {
          change: [bounds, { min: 2, max: 1 }],
          fields: [`${bounds}.min`],
          says: /min must be less than or equal to max/,
        },
        {
          change: [bounds, { min: '1025Mi', max: '1Gi' }],
          fields: [`${bounds}.min`],
          says: /min must be less than or equal to max/,
        },
      ],
      accepted: [[bounds, { min: '1999m', max: 2 }]],
    };
  }),
  range('Must be between 1.0 and 10.0', `${limits}.cpuLimitMultiplier`, [0.99, 10.01], [1, 10]),
  range('Must be between 1.0 and 10.0', `${limits}.memoryLimitMultiplier`, [0.99, 10.01], [1, 10]),
  range('Must be between 1 and 50', `${gradual}.memoryDecreasePercentage`, [0, 51], [1, 50]),
  range('Must be between 1 and 90', `${gradual}.maximumTotalDecrease`, [0, 91], [1, 90]),
];

/** A rule about one match expression, of either label selector. */
function aboutExpressions(
  line: string,
  key: string,
  refused: readonly { expression: Tree; says: RegExp }[],
  accepted: readonly Tree[],
): Rule {
  const paths = ['spec.selector.namespaceSelector.matchExpressions', 'spec.selector.workloadSelector.matchExpressions'];
  return {
    line: `matchExpressions[].${line}`,
    refused: paths.flatMap((path) =>
      refused.map(({ expression, says }) => ({
        change: [path, [expression]] as const,
        fields: [`${path}[0].${key}`],
        says,
      })),
    ),
    accepted: paths.map((path) => [path, accepted] as const),
  };
}

const valueNeeded = /Required value: at least one value is required for the operators In and NotIn/;
const valueForbidden = /Forbidden: values must not be given for the operators Exists and DoesNotExist/;
const oneValue = ['a'];

const labelSelectors: readonly Rule[] = [
  aboutExpressions(
    'key - Required for each expression',
    'key',
    [
      { expression: { operator: 'Exists' }, says: /Required value/ },
      { expression: { key: '', operator: 'Exists' }, says: /should be at least 1 chars long/ },
    ],
    [{ key: 'team', operator: 'Exists' }],
  ),
  aboutExpressions(
    'operator - Must be one of: In, NotIn, Exists, DoesNotExist',
    'operator',
    [
      { expression: { key: 'team' }, says: /Required value/ },
      {
        expression: { key: 'team', operator: 'Equals', values: oneValue },
        says: /Unsupported value: "Equals": supported values: "In", "NotIn", "Exists", "DoesNotExist"/,
      },
    ],
    [
      { key: 'team', operator: 'In', values: oneValue },
      { key: 'team', operator: 'NotIn', values: oneValue },
      { key: 'team', operator: 'Exists' },
      { key: 'team', operator: 'DoesNotExist' },
    ],
  ),
  aboutExpressions(
    'values - Required for In and NotIn operators',
    'values',
    [
      { expression: { key: 'team', operator: 'In' }, says: valueNeeded },
      { expression: { key: 'team', operator: 'In', values: [] }, says: valueNeeded },
      { expression: { key: 'team', operator: 'NotIn' }, says: valueNeeded },
      { expression: { key: 'team', operator: 'NotIn', values: [] }, says: valueNeeded },
    ],
    [{ key: 'team', operator: 'In', values: ['a', 'b'] }],
  ),
  aboutExpressions(
    'values - Must not be specified for Exists and DoesNotExist operators',
    'values',
    [
      { expression: { key: 'team', operator: 'Exists', values: oneValue }, says: valueForbidden },
      { expression: { key: 'team', operator: 'DoesNotExist', values: oneValue }, says: valueForbidden },
    ],
    // As Kubernetes' own validation: an empty list is no list.
    [{ key: 'team', operator: 'Exists', values: [] }],
  ),
];

const workloadTypes: readonly Rule[] = [
  {
    line: 'All workload types must be one of: Deployment, StatefulSet, DaemonSet',
    refused: ['include', 'exclude'].flatMap((list) =>
      ['Job', 'CronJob', 'ReplicaSet', 'deployment'].map((kind) => ({
        change: [`spec.selector.workloadTypes.${list}`, ['Deployment', kind]] as const,
        fields: [`spec.selector.workloadTypes.${list}[1]`],
        says: new RegExp(`Unsupported value: "${kind}": supported values: "Deployment", "StatefulSet", "DaemonSet"`),
      })),
    ),
    accepted: [['spec.selector.workloadTypes.include', ['Deployment', 'StatefulSet', 'DaemonSet']]],
  },
];

const sections = {
  'Required Fields': requiredFields,
  'Value Constraints': valueConstraints,
  'Label Selector Validation': labelSelectors,
  'Workload Type Validation': workloadTypes,
};

describe('the validation rules of the CRD document, on a real apiserver without OptiPod', function () {
  this.timeout(60_000);
  let api: Apiserver;
  let base: Tree;

  before(async () => {
    const cluster = await sharedCluster('control-plane');
    api = new Apiserver(cluster);
    await installCrds(cluster);
    base = await load('base-policy.yaml');
    // The CRD has just been installed, perhaps over another one: its schema is in force once it knows this rule.
    await waitFor('the CRD to be served', async () => ((await refusalOf(['spec.weight', 0])) ? true : undefined));
  });

  after(() => api.close());

  it('B-API-3 no webhook takes part', async () => {
    const { items } = await api.get('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations');
    expect(JSON.stringify(items)).not.to.contain('optipod.io');
    expect(await refusalOf()).to.equal(undefined);
  });

  for (const [section, rules] of Object.entries(sections)) {
    describe(section, () => {
      for (const { line, refused, accepted = [] } of rules) {
        it(`B-API-3 ${line}`, async () => {
          for (const { change, fields = [change[0]], says } of refused) await expectRefused([change], fields, says);
          for (const change of accepted) await expectAccepted(change);
        });
      }
    });
  }

  describe('what is broken is all told at once', () => {
    it('B-API-3 min > max for both resources', async () => {
      const changes: Change[] = [
        ['spec.resourceBounds.cpu.min', '9'],
        ['spec.resourceBounds.memory.min', '17Gi'],
      ];
      await expectRefused(
        changes,
        ['spec.resourceBounds.cpu.min', 'spec.resourceBounds.memory.min'],
        /min must be less/,
      );
    });

    it('B-API-3 a bound that is no quantity is not said to be in the wrong order, too', async () => {
      const { message } = await expectRefused(
        [['spec.resourceBounds.cpu.min', 'much']],
        ['spec.resourceBounds.cpu.min'],
      );
      expect(message).not.to.contain('less than or equal');
    });

    it('B-API-3 rules of different parts of the policy', async () => {
      const broken: Change[] = [
        ['spec.selector', { namespaces: {} }],
        ['spec.metricsConfig.rollingWindow', '1m'],
        ['spec.resourceBounds.cpu.max', '0'],
        ['spec.updateStrategy.gradualDecreaseConfig.minimumDecreaseThreshold', '0'],
        ['spec.reconciliationInterval', '1s'],
      ];
      // A maximum of zero is also below the minimum.
      const fields = [...broken.map(([path]) => path), 'spec.resourceBounds.cpu.min'];
      await expectRefused(broken, fields);
    });

    it('B-API-2 types, enums and ranges', async () => {
      const broken: Change[] = [
        ['spec.mode', 'Manual'],
        ['spec.weight', 1001],
        ['spec.metricsConfig.provider', 'datadog'],
        ['spec.updateStrategy.strategy', 'patch'],
        ['spec.updateStrategy.limitConfig.cpuLimitMultiplier', 11],
      ];
      await expectRefused(
        broken,
        broken.map(([path]) => path),
      );
    });
  });

  describe('quantities', () => {
    const one: readonly (string | number)[] = [
      '0.5',
      '500m',
      '1e3',
      '1E3',
      '1G',
      '1Gi',
      '1k',
      '0.1',
      '.5',
      '+1',
      '100u',
      '5e-1',
      1,
      1_000_000,
    ];
    for (const resource of ['cpu', 'memory']) {
      for (const value of one) {
        it(`B-API-3 ${resource} bounds take ${JSON.stringify(value)}, as min, as max and as both`, async () => {
          await expectAccepted([`spec.resourceBounds.${resource}`, { min: value, max: '1E' }]);
          await expectAccepted([`spec.resourceBounds.${resource}`, { min: '1n', max: value }]);
          await expectAccepted([`spec.resourceBounds.${resource}`, { min: value, max: value }]);
        });
      }
    }

    const equal: readonly (readonly [string | number, string | number])[] = [
      ['1Gi', 1073741824],
      ['1Gi', '1024Mi'],
      ['1000m', 1],
      ['0.5', '500m'],
      ['1e3', '1k'],
      ['1G', 1_000_000_000],
    ];
    for (const [a, b] of equal) {
      it(`B-API-3 ${JSON.stringify(a)} equals ${JSON.stringify(b)}: each may be the min of the other`, async () => {
        for (const [min, max] of [
          [a, b],
          [b, a],
        ])
          await expectAccepted(['spec.resourceBounds.memory', { min, max }]);
      });
    }

    const ordered: readonly (readonly [string | number, string | number])[] = [
      ['1G', '1Gi'],
      [1, '1001m'],
      ['999m', 1],
      [1073741823, '1Gi'],
      ['0.5', '501m'],
      ['9', '10'],
    ];
    for (const [less, more] of ordered) {
      it(`B-API-3 ${JSON.stringify(less)} is less than ${JSON.stringify(more)}`, async () => {
        await expectAccepted(['spec.resourceBounds.cpu', { min: less, max: more }]);
        await expectRefused([['spec.resourceBounds.cpu', { min: more, max: less }]], ['spec.resourceBounds.cpu.min']);
      });
    }

    it("B-API-3 an unquoted 0.5 is no quantity, in kube-apiserver's own words", async () => {
      for (const path of ['spec.resourceBounds.cpu.min', 'spec.resourceBounds.memory.max']) {
        await expectRefused([[path, 0.5]], [path], /must be of type integer,string: "number"/);
      }
    });

    it('B-API-3 the threshold of a gradual decrease is greater than zero', async () => {
      const path = `${gradual}.minimumDecreaseThreshold`;
      await expectRefused([[path, '0']], [path], /must be a quantity greater than zero/);
      await expectAccepted([path, 1]);
    });
  });

  describe('selectors', () => {
    const silent: readonly Tree[] = [
      {},
      { namespaceSelector: {} },
      { namespaceSelector: { matchLabels: {} } },
      { namespaceSelector: { matchExpressions: [] } },
      { workloadSelector: {} },
      { workloadSelector: { matchLabels: {}, matchExpressions: [] } },
      { namespaces: {} },
      { namespaces: { allow: [] } },
      { namespaces: { allow: [], deny: [] } },
      { workloadTypes: {} },
      { workloadTypes: { include: [], exclude: [] } },
      { namespaceSelector: {}, workloadSelector: {}, namespaces: {}, workloadTypes: {} },
    ];
    for (const selector of silent) {
      it(`B-API-4 ${JSON.stringify(selector)} says nothing and is refused`, async () => {
        await expectRefused([['spec.selector', selector]], ['spec.selector'], /must be given and not be empty/);
      });
    }

    const speaking: readonly Tree[] = [
      { namespaceSelector: { matchLabels: { team: 'web' } } },
      { namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'Exists' }] } },
      { workloadSelector: { matchLabels: { team: '' } } },
      { namespaces: { allow: ['web'] } },
      { namespaces: { deny: ['web'] } },
      { workloadTypes: { include: ['Deployment'] } },
      { workloadTypes: { exclude: ['DaemonSet'] } },
      { namespaceSelector: {}, workloadTypes: { include: ['Deployment'] } },
    ];
    for (const selector of speaking) {
      it(`B-API-4 ${JSON.stringify(selector)} is enough`, () => expectAccepted(['spec.selector', selector]));
    }

    it('B-API-10 overlapping include and exclude are accepted', () =>
      expectAccepted(['spec.selector.workloadTypes', { include: ['Deployment'], exclude: ['Deployment'] }]));
  });

  describe('durations', () => {
    const interval = 'spec.reconciliationInterval';
    const window = 'spec.metricsConfig.rollingWindow';

    for (const text of [
      '10s',
      '90s',
      '5m',
      '1h',
      '1h30m',
      '1.5h',
      '.5h',
      '7d',
      '1d12h',
      '2w',
      '1w2d3h4m5s',
      '10000ms',
      '10000000us',
      '10000000µs',
    ]) {
      it(`B-API-5 ${text} is an interval`, () => expectAccepted([interval, text]));
    }
    for (const text of [
      '5m',
      '300s',
      '12h',
      '24h',
      '48h',
      '1.5h',
      '1h30m',
      '7d',
      '1d12h',
      '2w',
      '90d',
      '2160h',
      '12w6d',
      '12w5d24h',
      '12w4d47h60m',
    ]) {
      it(`B-API-5 ${text} is a window`, () => expectAccepted([window, text]));
    }
    for (const text of [
      '5 minutes',
      '1y',
      '12h7d',
      '1d1w',
      '-5m',
      '+5m',
      'P1D',
      '5',
      '5M',
      'd',
      '1.5d',
      ' 5m',
      '5m ',
      '1h 30m',
      '5m\n',
      '0x10s',
    ]) {
      it(`B-API-5 ${JSON.stringify(text)} is no duration`, async () => {
        for (const path of [interval, window]) await expectRefused([[path, text]], [path], /must be a duration /);
      });
    }
    it('B-API-5 the empty string is no duration', async () => {
      for (const path of [interval, window])
        await expectRefused([[path, '']], [path], /should be at least 1 chars long/);
    });
    it('B-API-5 a number is no duration', async () => {
      for (const path of [interval, window])
        await expectRefused([[path, 300]], [path], /must be of type string: "integer"/);
    });
    for (const text of ['9s', '9.999s', '0s', '9999ms', '0d', '0w0d0h']) {
      it(`B-API-5 ${text} is too short an interval`, () =>
        expectRefused([[interval, text]], [interval], /must be a duration of at least 10s/));
    }
    for (const text of ['4m59s', '4m59.999s', '299s', '0w', '91d', '13w', '90d1ns', '2160h1s', '9999w']) {
      it(`B-API-5 ${text} is no window from 5m to 90d`, () =>
        expectRefused([[window, text]], [window], /must be a duration from 5m to 90d/));
    }
    for (const text of ['99999999999h', '9999w99999d', '99999999999999999999999999999999', '1'.repeat(32) + 'h']) {
      it(`B-API-5 ${text}, more than a duration can be, is refused`, async () => {
        for (const path of [interval, window]) await expectRefused([[path, text]], [path]);
      });
    }
  });

  describe('defaults', () => {
    const path = `${policies()}/defaults`;
    afterEach(() => api.ask('DELETE', path));

    it('B-API-2 are materialised and read back', async () => {
      const { spec } = await stored(['spec.updateStrategy', {}]);
      expect(spec).to.deep.include({ weight: 100, reconciliationInterval: '5m' });
      expect(treeAt(spec, 'metricsConfig')).to.deep.equal({
        provider: 'prometheus',
        rollingWindow: '24h',
        percentile: 'P90',
        safetyFactor: 1.2,
      });
      expect(treeAt(spec, 'updateStrategy')).to.deep.equal({
        strategy: 'webhook',
        rolloutStrategy: 'onNextRestart',
        allowInPlaceResize: true,
        allowRecreate: false,
        updateRequestsOnly: true,
        useServerSideApply: true,
        allowUnsafeMemoryDecrease: false,
        limitConfig: { cpuLimitMultiplier: 1, memoryLimitMultiplier: 1.1 },
        gradualDecreaseConfig: {
          enabled: false,
          memoryDecreasePercentage: 10,
          minimumDecreaseThreshold: '100Mi',
          maximumTotalDecrease: 70,
        },
      });
    });

    const limitConfigs: readonly (readonly [string, unknown, number, number])[] = [
      ['absent', undefined, 1, 1.1],
      ['{}', {}, 1, 1.1],
      ['null', null, 1, 1.1],
      ['partial (CPU)', { cpuLimitMultiplier: 2.5 }, 2.5, 1.1],
      ['partial (memory)', { memoryLimitMultiplier: 2.5 }, 1, 2.5],
    ];
    for (const [what, value, cpuLimitMultiplier, memoryLimitMultiplier] of limitConfigs) {
      it(`B-API-2 limitConfig ${what} is ${cpuLimitMultiplier} / ${memoryLimitMultiplier}`, async () => {
        const object = await stored([limits, value]);
        expect(treeAt(object, limits)).to.deep.equal({ cpuLimitMultiplier, memoryLimitMultiplier });
      });
    }

    it('B-API-2 a gradual decrease that is only switched on has 10 / 100Mi / 70', async () => {
      const object = await stored([gradual, { enabled: true }]);
      expect(treeAt(object, gradual)).to.deep.equal({
        enabled: true,
        memoryDecreasePercentage: 10,
        minimumDecreaseThreshold: '100Mi',
        maximumTotalDecrease: 70,
      });
    });

    it('B-API-2 minSamplesRequired has no default: it is the operator that has one', async () => {
      expect(treeAt(await stored(), 'spec.metricsConfig.metricsServer')).to.equal(undefined);
    });

    it('B-API-3 a valid policy takes a status, and keeps its spec', async () => {
      const before = await stored();
      const after = await api.patch(`${path}/status`, { status: { workloadsDiscovered: 3 } });
      expect(after.status).to.deep.equal({ workloadsDiscovered: 3 });
      expect(after.spec).to.deep.equal(before.spec);
    });

    async function stored(...changes: Change[]): Promise<Tree> {
      await api.create(policies(), changed([...changes, ['metadata.name', 'defaults']]));
      return api.get(path);
    }
  });

  it('B-API-3 a policy that was stored before a rule came takes status updates, whatever in its spec is broken', async () => {
    // The same definition in a group of its own, first without any rule, as an older CRD might have been.
    const group = 'stored.example.com';
    const strict = crd({ ...OptimizationPolicy, group });
    const [version] = strict.spec.versions;
    const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const lenient = {
      ...version,
      schema: { openAPIV3Schema: { ...anything, properties: { spec: anything, status: anything } } },
    };
    const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const collection = policies().replace('optipod.io', group);
    const broken = changed([
      ['apiVersion', `${group}/v1alpha1`],
      ['spec.selector', {}],
      ['spec.resourceBounds.cpu.min', '9'],
      ['spec.weight', 0],
    ]);
    const other = withValue(broken, 'metadata.name', 'other');
    const ask = () => api.ask('POST', `${collection}?dryRun=All`, other);
    try {
      await api.create(crds, { ...strict, spec: { ...strict.spec, versions: [lenient] } });
      await waitFor('the lenient CRD', async () => ((await ask()).code === 201 ? true : undefined));
      await api.create(collection, broken);
      await api.patch(`${crds}/optimizationpolicies.${group}`, { spec: { versions: [version] } });
      const refused = await waitFor('the strict CRD', async () => refusal(await ask()));
      expect(refused.fields, refused.message).to.include('spec.weight');

      const object = `${collection}/base-policy`;
      const { status, spec } = await api.patch(`${object}/status`, { status: { workloadsDiscovered: 0 } });
      expect(status).to.deep.equal({ workloadsDiscovered: 0 });
      expect(treeAt(spec, 'weight')).to.equal(0);
    } finally {
      await api.ask('DELETE', `${crds}/optimizationpolicies.${group}`);
    }
  });

  function changed(changes: readonly Change[]): Tree {
    return changes.reduce((object, [path, value]) => withValue(object, path, value), base);
  }

  function refusalOf(...changes: Change[]): Promise<Refusal | undefined> {
    return api.refusalOf(policies(), changed(changes));
  }

  async function expectAccepted(...changes: Change[]): Promise<void> {
    const refused = await refusalOf(...changes);
    expect(refused?.message, JSON.stringify(changes)).to.equal(undefined);
  }

  /** By these fields and no others, and the message a user reads says so. */
  async function expectRefused(changes: readonly Change[], fields: readonly string[], says = /./): Promise<Refusal> {
    const refused = await refusalOf(...changes);
    const what = JSON.stringify(changes);
    if (refused === undefined) throw new Error(`${what} was accepted`);
    expect(refused.code, what).to.equal(422);
    expect(refused.fields, what).to.have.members([...fields]);
    for (const field of fields) expect(refused.message, what).to.contain(`${field}: `);
    expect(refused.message, what).to.match(says);
    return refused;
  }
});
