import { expect } from 'chai';
import { Apiserver, installCrds, load, policies } from '../documents/apiserver.js';
import { type Tree, isTree, treeAt, withValue } from '../documents/tree.js';
import { type Cluster, sharedCluster, waitFor } from '../kit/index.js';

/** A field of the document's reference. */
interface Field {
  readonly path: string;
  /** As the document calls it. */
  readonly type:
    | 'string'
    | 'integer'
    | 'float64'
    | 'boolean'
    | 'object'
    | 'duration'
    | 'Quantity'
    | 'LabelSelector'
    | '[]string'
    | '[]WorkloadType'
    | '[]Condition'
    | 'Time';
  readonly required?: true;
  readonly default?: unknown;
  readonly enum?: readonly string[];
  /** Both ends included. */
  readonly range?: readonly [number, number?];
}

const workloadType = ['Deployment', 'StatefulSet', 'DaemonSet'];

/** The document's field reference, in its order. */
const reference: readonly Field[] = [
  { path: 'spec.mode', type: 'string', required: true, enum: ['Auto', 'Recommend', 'Disabled'] },
  { path: 'spec.weight', type: 'integer', default: 100, range: [1, 1000] },
  { path: 'spec.selector', type: 'object', required: true },
  { path: 'spec.selector.namespaceSelector', type: 'LabelSelector' },
  { path: 'spec.selector.workloadSelector', type: 'LabelSelector' },
  { path: 'spec.selector.namespaces', type: 'object' },
  { path: 'spec.selector.namespaces.allow', type: '[]string' },
  { path: 'spec.selector.namespaces.deny', type: '[]string' },
  { path: 'spec.selector.workloadTypes', type: 'object' },
  { path: 'spec.selector.workloadTypes.include', type: '[]WorkloadType', enum: workloadType },
  { path: 'spec.selector.workloadTypes.exclude', type: '[]WorkloadType', enum: workloadType },
  { path: 'spec.metricsConfig', type: 'object', required: true },
  {
    path: 'spec.metricsConfig.provider',
    type: 'string',
    required: true,
    enum: ['prometheus', 'metrics-server', 'custom'],
  },
  { path: 'spec.metricsConfig.metricsServer', type: 'object' },
  { path: 'spec.metricsConfig.metricsServer.minSamplesRequired', type: 'integer', range: [1, 100_000] },
  { path: 'spec.metricsConfig.rollingWindow', type: 'duration', default: '24h' },
  { path: 'spec.metricsConfig.percentile', type: 'string', default: 'P90', enum: ['P50', 'P90', 'P99'] },
  { path: 'spec.metricsConfig.safetyFactor', type: 'float64', default: 1.2, range: [1] },
  { path: 'spec.resourceBounds', type: 'object', required: true },
  { path: 'spec.resourceBounds.cpu', type: 'object', required: true },
  { path: 'spec.resourceBounds.cpu.min', type: 'Quantity', required: true },
  { path: 'spec.resourceBounds.cpu.max', type: 'Quantity', required: true },
  { path: 'spec.resourceBounds.memory', type: 'object', required: true },
  { path: 'spec.resourceBounds.memory.min', type: 'Quantity', required: true },
  { path: 'spec.resourceBounds.memory.max', type: 'Quantity', required: true },
  { path: 'spec.updateStrategy', type: 'object', required: true },
  { path: 'spec.updateStrategy.strategy', type: 'string', default: 'webhook', enum: ['ssa', 'webhook'] },
  {
    path: 'spec.updateStrategy.rolloutStrategy',
    type: 'string',
    default: 'onNextRestart',
    enum: ['immediate', 'onNextRestart'],
  },
  { path: 'spec.updateStrategy.allowInPlaceResize', type: 'boolean', default: true },
  { path: 'spec.updateStrategy.allowRecreate', type: 'boolean', default: false },
  { path: 'spec.updateStrategy.updateRequestsOnly', type: 'boolean', default: true },
  { path: 'spec.updateStrategy.useServerSideApply', type: 'boolean', default: true },
  { path: 'spec.updateStrategy.limitConfig', type: 'object' },
  { path: 'spec.updateStrategy.limitConfig.cpuLimitMultiplier', type: 'float64', default: 1, range: [1, 10] },
  { path: 'spec.updateStrategy.limitConfig.memoryLimitMultiplier', type: 'float64', default: 1.1, range: [1, 10] },
  { path: 'spec.updateStrategy.allowUnsafeMemoryDecrease', type: 'boolean', default: false },
  { path: 'spec.updateStrategy.gradualDecreaseConfig', type: 'object' },
  { path: 'spec.updateStrategy.gradualDecreaseConfig.enabled', type: 'boolean', default: false },
  {
    path: 'spec.updateStrategy.gradualDecreaseConfig.memoryDecreasePercentage',
    type: 'integer',
    default: 10,
    range: [1, 50],
  },
  { path: 'spec.updateStrategy.gradualDecreaseConfig.minimumDecreaseThreshold', type: 'Quantity', default: '100Mi' },
  {
    path: 'spec.updateStrategy.gradualDecreaseConfig.maximumTotalDecrease',
    type: 'integer',
    default: 70,
    range: [1, 90],
  },
  { path: 'spec.reconciliationInterval', type: 'duration', default: '5m' },
  { path: 'status.conditions', type: '[]Condition' },
  { path: 'status.workloadsDiscovered', type: 'integer' },
  { path: 'status.workloadsProcessed', type: 'integer' },
  { path: 'status.lastReconciliation', type: 'Time' },
  { path: 'status.workloadsByType', type: 'object' },
  { path: 'status.workloadsByType.deployments', type: 'integer' },
  { path: 'status.workloadsByType.statefulSets', type: 'integer' },
  { path: 'status.workloadsByType.daemonSets', type: 'integer' },
];

/** What the schema says of each type of the document. */
const schemas: Readonly<Record<Field['type'], Tree>> = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  float64: { type: 'number', format: 'double' },
  boolean: { type: 'boolean' },
  object: { type: 'object' },
  duration: { type: 'string' },
  Quantity: { 'x-kubernetes-int-or-string': true },
  LabelSelector: { type: 'object' },
  '[]string': { type: 'array' },
  '[]WorkloadType': { type: 'array' },
  '[]Condition': { type: 'array', 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] },
  Time: { type: 'string', format: 'date-time' },
};

const definition = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/optimizationpolicies.optipod.io';

describe('the CRD on a real apiserver', function () {
  this.timeout(60_000);
  let cluster: Cluster;
  let api: Apiserver;
  let crd: Tree;
  let version: Tree;
  let base: Tree;

  before(async () => {
    cluster = await sharedCluster('control-plane');
    api = new Apiserver(cluster);
    await installCrds(cluster);
    crd = await api.get(definition);
    version = treeAt(crd, 'spec.versions.0') as Tree;
    base = await load('base-policy.yaml');
    await waitFor('the CRD to be served', async () =>
      (await api.refusalOf(policies(), withValue(base, 'spec.weight', 0))) ? true : undefined,
    );
  });

  after(() => api.close());

  it('B-API-1 has the names of the document', () => {
    expect(treeAt(crd, 'metadata.name')).to.equal('optimizationpolicies.optipod.io');
    expect(treeAt(crd, 'spec.group')).to.equal('optipod.io');
    expect(treeAt(crd, 'spec.scope')).to.equal('Namespaced');
    expect(treeAt(crd, 'spec.names')).to.deep.include({
      kind: 'OptimizationPolicy',
      listKind: 'OptimizationPolicyList',
      plural: 'optimizationpolicies',
      singular: 'optimizationpolicy',
      shortNames: ['optpol'],
    });
    expect(version).to.include({ name: 'v1alpha1', served: true, storage: true });
  });

  it('B-API-1 has a status subresource: a status that comes with a new policy is left out', async () => {
    expect(version.subresources).to.deep.equal({ status: {} });
    const object = withValue(base, 'status.workloadsDiscovered', 3);
    expect(await api.create(policies(), object, { dryRun: true })).not.to.have.property('status');
  });

  it('B-API-1 is established, and its schema is structural', () => {
    const conditions = treeAt(crd, 'status.conditions') as Tree[];
    const state = new Map(conditions.map(({ type, status }) => [type, status]));
    expect(state.get('Established')).to.equal('True');
    expect(state.get('NamesAccepted')).to.equal('True');
    expect(state.get('NonStructuralSchema')).not.to.equal('True');
    expect(treeAt(crd, 'status.acceptedNames.shortNames')).to.deep.equal(['optpol']);
  });

  it('B-API-1 kubectl get optpol prints Mode, Provider, Ready, Discovered, Processed and Age', async () => {
    const policy = `${policies()}/printed`;
    await api.create(policies(), withValue(base, 'metadata.name', 'printed'));
    try {
      const ready = { type: 'Ready', status: 'True', reason: 'PolicyActive', message: '' };
      const conditions = [{ ...ready, lastTransitionTime: '2026-01-28T10:00:00Z' }];
      await api.patch(`${policy}/status`, { status: { conditions, workloadsDiscovered: 10, workloadsProcessed: 8 } });
      const { stdout } = await cluster.kubectl(['get', 'optpol', 'printed']);
      const [header = '', row = ''] = stdout.split('\n');
      expect(header.split(/ +/)).to.deep.equal(['NAME', 'MODE', 'PROVIDER', 'READY', 'DISCOVERED', 'PROCESSED', 'AGE']);
      expect(row).to.match(/^printed +Recommend +prometheus +True +10 +8 +\d+s$/);
    } finally {
      await api.ask('DELETE', policy);
    }
  });

  it('B-API-2 kubectl explain knows every field', async () => {
    const explain = ['explain', '--recursive'];
    const { stdout: spec } = await cluster.kubectl([...explain, 'optimizationpolicy.spec']);
    const { stdout: status } = await cluster.kubectl([...explain, 'optimizationpolicy.status']);
    for (const { path } of reference) {
      const name = path.split('.').at(-1) ?? '';
      expect(path.startsWith('spec') ? spec : status, path).to.match(new RegExp(`^ +${name}\\s+<`, 'm'));
    }
    expect(spec).to.match(/mode\s+<string> -required-\n\s+enum: Auto, Recommend, Disabled/);
    expect(spec).to.match(/weight\s+<integer>\n/);
  });

  it('B-API-2 every field is described', () => {
    const silent = reference.filter(({ path }) => !(schemaAt(path).description as string | undefined)?.trim());
    expect(silent.map(({ path }) => path)).to.deep.equal([]);
  });

  it('B-API-2 has no other field, but for the generation that a status was made for', () => {
    const known = new Set([...reference.map(({ path }) => path), 'status.observedGeneration']);
    const unknown = ['spec', 'status'].flatMap((root) => fieldsBelow(root)).filter((path) => !known.has(path));
    expect(unknown).to.deep.equal([]);
  });

  it('B-API-3 no rule sits at the root, where a broken one would block status updates', () => {
    const schema = treeAt(version, 'schema.openAPIV3Schema') as Tree;
    expect(schema).not.to.have.property('x-kubernetes-validations');
    expect(JSON.stringify(treeAt(schema, 'properties.spec'))).to.contain('x-kubernetes-validations');
    expect(JSON.stringify(treeAt(schema, 'properties.status'))).not.to.contain('x-kubernetes-validations');
  });

  for (const field of reference) {
    const { path, type, required = false, enum: values, range } = field;
    const facts = [
      required && 'required',
      'default' in field && `default ${String(field.default)}`,
      values?.join('|'),
      range?.join('..'),
    ].filter(Boolean);

    it(`B-API-2 ${path}: ${[type, ...facts].join(', ')}`, async () => {
      const schema = schemaAt(path);
      expect(schema).to.deep.include(schemas[type]);
      expect(schema.default).to.deep.equal('default' in field ? field.default : defaultOfMap(path));
      const [, parent = '', name = ''] = /^(.*)\.([^.]+)$/.exec(path) ?? [];
      if (path.startsWith('spec')) {
        expect(((schemaAt(parent).required ?? []) as string[]).includes(name), 'required').to.equal(required);
      }
      if (values) {
        const list = type.startsWith('[]');
        expect((list ? (schema.items as Tree) : schema).enum).to.have.members([...values]);
        for (const value of values) await expectAnswer(path, list ? [value] : value);
        await expectAnswer(path, list ? ['Other'] : 'Other', 'Unsupported value: "Other"');
      }
      if (range) {
        const [least, most] = range;
        expect(schema.minimum).to.equal(least);
        expect(schema.maximum).to.equal(most);
        await expectAnswer(path, least);
        await expectAnswer(path, least - 1, `should be greater than or equal to ${least}`);
        if (most !== undefined) {
          await expectAnswer(path, most);
          await expectAnswer(path, most + 1, `should be less than or equal to ${most}`);
        }
      }
      if (path.startsWith('spec')) await expectAnswer(path, wrong(type), 'must be of type');
    });
  }

  /** The schema node of a field. */
  function schemaAt(path: string): Tree {
    const schema = treeAt(
      version,
      ['schema.openAPIV3Schema', ...path.split('.').flatMap((key) => ['properties', key])].join('.'),
    );
    if (!isTree(schema)) throw new Error(`the schema has no ${path}`);
    return schema;
  }

  function fieldsBelow(path: string): string[] {
    const { properties } = schemaAt(path);
    // A label selector is Kubernetes' own.
    if (!isTree(properties) || 'matchLabels' in properties) return [];
    return Object.keys(properties).flatMap((key) => [`${path}.${key}`, ...fieldsBelow(`${path}.${key}`)]);
  }

  /** The apiserver takes the value, or refuses it naming the field and saying why. */
  async function expectAnswer(path: string, value: unknown, says?: string): Promise<void> {
    const refused = await api.refusalOf(policies(), withValue(base, path, value));
    if (says === undefined) {
      expect(refused?.message, `${path} = ${JSON.stringify(value)}`).to.equal(undefined);
      return;
    }
    expect(refused?.message).to.contain(path).and.to.contain(says);
  }
});

/** A map that has defaults below must itself have one, or they would come only where it is written. */
function defaultOfMap(path: string): unknown {
  const below = reference.some((field) => field.path.startsWith(`${path}.`) && 'default' in field);
  const optional = !reference.find((field) => field.path === path)?.required;
  return below && optional ? {} : undefined;
}

/** A value of another type. */
function wrong(type: Field['type']): unknown {
  switch (type) {
    case 'integer':
      return 1.5;
    case 'float64':
    case 'boolean':
      return 'yes';
    case 'Quantity':
      return true;
    case 'object':
    case 'LabelSelector':
      return 'all';
    default:
      return 7;
  }
}
