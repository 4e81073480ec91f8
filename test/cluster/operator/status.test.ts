import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { treeAt, type Tree } from '../../documents/tree.js';
import { waitFor } from '../../kit/index.js';
import { isWrite, type Request } from '../../support/audit.js';
import { useInstallation } from './installation.js';
import { deployment, namespace, policy, type Name, type Status } from './objects.js';

describe('the status of policies', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  const named = (name: string): Name => `OptimizationPolicy/calm/${name}`;
  /** Watched through the whole suite, by its interval alone. */
  const STEADY = named('steady');
  let watchedFrom: number;

  before(async () => {
    await objects().create(
      namespace('calm'),
      deployment('calm', 'web', { metadata: { labels: { tier: 'front' } } }),
      policy('calm', 'steady', {
        selector: { workloadSelector: { matchLabels: { tier: 'front' } } },
        reconciliationInterval: '10s',
      }),
    );
    watchedFrom = Date.now();
  });

  function statusWrites(name: string): Request[] {
    return installation()
      .requests()
      .filter((request) => isWrite(request) && request.objectRef?.subresource === 'status')
      .filter(({ objectRef }) => objectRef?.namespace === 'calm' && objectRef.name === name);
  }

  const conditionOf = ({ conditions }: Status, type: string) => conditions.find((one) => one.type === type);

  it('B-API-7 B-API-8 a valid policy is Ready, and says what it found', async () => {
    const status = await objects().settled(STEADY);
    const { metadata } = await objects().get(STEADY);
    const { lastTransitionTime, ...ready } = conditionOf(status, 'Ready') ?? {};
    expect(ready).to.deep.equal({
      type: 'Ready',
      status: 'True',
      reason: 'PolicyActive',
      message: 'Policy is active and processing workloads',
      observedGeneration: 1,
    });
    expect(Date.parse(String(lastTransitionTime))).to.be.at.least(
      Date.parse(String(treeAt(metadata, 'creationTimestamp'))),
    );
    expect(status).to.deep.include({
      observedGeneration: 1,
      workloadsDiscovered: 1,
      workloadsProcessed: 1,
      workloadsByType: { deployments: 1, statefulSets: 0, daemonSets: 0 },
    });
    expect(conditionOf(status, 'MetricsAvailable')).to.include({ status: 'True', reason: 'MetricsAvailable' });
  });

  it('B-API-7 B-API-8 a disabled policy is Ready, and does nothing; zeros are printed', async () => {
    await objects().create(policy('calm', 'off', { mode: 'Disabled' }));
    const status = await objects().settled(named('off'));
    expect(status.conditions.map(({ type, status: is, reason }) => [type, is, reason])).to.deep.equal([
      ['Ready', 'True', 'PolicyDisabled'],
    ]);
    const { stdout } = await installation().cluster.kubectl(['get', 'optpol', 'off', '-n', 'calm', '--no-headers']);
    expect(stdout.trim().split(/\s+/).slice(0, 6)).to.deep.equal(['off', 'Disabled', 'prometheus', 'True', '0', '0']);
    const raw = treeAt(await objects().get(named('off')), 'status.workloadsByType');
    expect(raw).to.deep.equal({ deployments: 0, statefulSets: 0, daemonSets: 0 });
  });

  it('B-API-8 B-OPR-3 a new policy is evaluated once, and its status written once', async () => {
    const { objectRef } = statusWrites('off')[0] ?? {};
    expect(objectRef).to.include({ resource: 'optimizationpolicies' });
    // Long enough for whatever may be waiting to be evaluated again.
    await pause(Math.max(0, watchedFrom + 3000 - Date.now()));
    expect(statusWrites('steady')).to.have.length(1);
    expect(statusWrites('off')).to.have.length(1);
  });

  it('B-OPR-3 after a start, too', async () => {
    const before = statusWrites('steady').length;
    await installation().stopOperator();
    watchedFrom = Date.now();
    await installation().startOperator();
    await waitFor('an evaluation', () => (statusWrites('steady').length > before ? true : undefined));
    await pause(2500);
    expect(statusWrites('steady')).to.have.length(before + 1);
  });

  it('B-API-7 lastTransitionTime moves only when the status of a condition flips', async () => {
    await objects().create(
      policy('calm', 'moody', { selector: { workloadSelector: { matchLabels: { app: 'moody' } } } }),
    );
    const moody = named('moody');
    const first = await objects().settled(moody);
    expect(conditionOf(first, 'WorkloadsMatched')).to.include({ status: 'False', reason: 'NoWorkloadsMatched' });
    await pause(1100);
    // Another reason, the same status.
    await objects().patch(moody, { spec: { selector: { namespaces: { deny: ['calm'] } } } });
    const second = await objects().settled(moody);
    expect(conditionOf(second, 'WorkloadsMatched')).to.include({ status: 'False', reason: 'SelectionEmpty' });
    await objects().patch(moody, { spec: { selector: { namespaces: { deny: null } } } });
    await objects().create(deployment('calm', 'moody'));
    const third = await objects().settled(moody, ({ workloadsDiscovered }) => workloadsDiscovered === 1);
    expect(conditionOf(third, 'WorkloadsMatched')).to.include({ status: 'True' });
    const times = (type: string) =>
      [first, second, third].map((now) => Date.parse(conditionOf(now, type)?.lastTransitionTime ?? ''));
    const [matched = Number.NaN, still, flipped] = times('WorkloadsMatched');
    expect(still).to.equal(matched);
    expect(flipped).to.be.greaterThan(matched);
    const [ready] = times('Ready');
    expect(times('Ready')).to.deep.equal([ready, ready, ready]);
    await objects().remove(moody);
  });

  it('B-API-10 a selector that can match nothing is accepted, and says so', async () => {
    await objects().create(
      policy('calm', 'overlap', { selector: { workloadTypes: { include: ['DaemonSet'], exclude: ['DaemonSet'] } } }),
    );
    const { message } = await objects().condition(named('overlap'), 'WorkloadsMatched', 'SelectionEmpty');
    expect(message).to.contain('workloadTypes');
    expect(conditionOf(await objects().settled(named('overlap')), 'Ready')).to.include({ status: 'True' });
  });

  it('B-API-8 is written once per interval, and nothing else is, while nothing changes', async () => {
    // The other policies of this suite never touched its workload.
    const [one, other] = await waitFor('two evaluations', () => {
      const written = statusWrites('steady').filter(
        ({ requestReceivedTimestamp: at }) => Date.parse(at) >= watchedFrom,
      );
      return written.length >= 2 ? written : undefined;
    });
    const apart = Date.parse(other?.requestReceivedTimestamp ?? '') - Date.parse(one?.requestReceivedTimestamp ?? '');
    expect(apart).to.be.within(9_900, 15_000);
    const writes = installation()
      .requests()
      .filter((request) => isWrite(request) && ['steady', 'web'].includes(request.objectRef?.name ?? ''))
      .filter((request) => request.objectRef?.namespace === 'calm')
      .filter(({ requestReceivedTimestamp }) => requestReceivedTimestamp > String(one?.requestReceivedTimestamp));
    expect(writes.map(({ requestURI }) => requestURI.split('?')[0])).to.deep.equal([
      '/apis/optipod.io/v1alpha1/namespaces/calm/optimizationpolicies/steady/status',
    ]);
  });
});

describe('a stored policy that does not fit the schema any more', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  const CRD: Name = 'CustomResourceDefinition/optimizationpolicies.optipod.io';
  const SPEC = 'spec.versions.0.schema.openAPIV3Schema.properties.spec';
  const named = (name: string): Name => `OptimizationPolicy/strict/${name}`;

  /** Stores policies under a schema that lets everything pass, and puts the true one back. */
  async function stored(...broken: readonly Tree[]): Promise<void> {
    const { spec } = await objects().get(CRD);
    const versions = treeAt(spec, 'versions') as Tree[];
    const lax = structuredClone(versions);
    Object.assign(treeAt({ spec: { versions: lax } }, SPEC) as Tree, {
      properties: undefined,
      required: undefined,
      'x-kubernetes-validations': undefined,
      'x-kubernetes-preserve-unknown-fields': true,
    });
    await objects().patch(CRD, { spec: { versions: lax } });
    for (const object of broken) {
      await waitFor('the lax schema', () =>
        objects()
          .create(object)
          .then(() => true),
      );
    }
    await objects().patch(CRD, { spec: { versions } });
    await waitFor('the true schema', async () => {
      const { code } = await objects().api.ask(
        'POST',
        '/apis/optipod.io/v1alpha1/namespaces/strict/optimizationpolicies?dryRun=All',
        policy('strict', 'probe', { mode: 'Sometimes' }),
      );
      return code === 422 ? true : undefined;
    });
  }

  before(async () => {
    await objects().create(namespace('strict'), deployment('strict', 'web'), policy('strict', 'good', { weight: 1 }));
    await objects().settled(named('good'));
    await installation().stopOperator();
    await stored(
      policy('strict', 'bad-enum', { mode: 'Sometimes', weight: 500 }),
      policy('strict', 'bad-type', { weight: 'heavy', metricsConfig: { safetyFactor: '1.5' } }),
      policy('strict', 'bad-bounds', { resourceBounds: { cpu: { min: 'much' } } }),
      { ...policy('strict', 'bad-shape'), spec: { mode: 'Auto' } },
    );
    await installation().startOperator();
  });

  for (const [name, field] of [
    ['bad-enum', 'spec.mode'],
    ['bad-type', 'spec.weight'],
    ['bad-bounds', 'spec.resourceBounds.cpu.min'],
    ['bad-shape', 'spec.selector'],
  ] as const) {
    it(`B-API-6 gets Ready=False, ValidationFailed, naming ${field}`, async () => {
      const { status, message } = await waitFor(
        'the condition',
        async () => {
          const { conditions } = await objects().status(named(name));
          return conditions?.find((one) => one.type === 'Ready' && one.reason === 'ValidationFailed');
        },
        { timeoutMs: 20_000 },
      );
      expect(status).to.equal('False');
      expect(message).to.contain(field);
    });
  }

  it('B-API-6 is applied in no part, and disturbs no other policy', async () => {
    const status = await objects().evaluate(named('good'));
    expect(status).to.include({ workloadsDiscovered: 1, workloadsProcessed: 1 });
    expect(await objects().said('Deployment/strict/web')).to.include({ policy: 'strict/good' });
  });

  it('B-API-6 is tried again when it is edited', async () => {
    await objects().patch(named('bad-enum'), { spec: { mode: 'Recommend' } });
    await objects().condition(named('bad-enum'), 'Ready', 'PolicyActive');
    await objects().saying('Deployment/strict/web', 'taken over', (said) => said.policy === 'strict/bad-enum');
  });
});
