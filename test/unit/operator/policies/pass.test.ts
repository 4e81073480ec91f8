import { expect } from 'chai';
import { ProviderError } from '../../../../operator/metrics/provider.js';
import { policyOf } from '../../lib/policies.js';
import { deployment, PassWorld } from './pass-world.js';

const RICH = {
  OPTIPOD_POLICY_DISRUPTIONS_PER_HOUR: '100000',
  OPTIPOD_NAMESPACE_DISRUPTIONS_PER_HOUR: '100000',
  OPTIPOD_CLUSTER_DISRUPTIONS_PER_HOUR: '100000',
};

describe('a pass of a policy that writes to templates', () => {
  for (const [reason, spec] of [
    ['SingleReplica', { replicas: 1 }],
    ['RolloutPaused', { paused: true }],
    ['OnDelete', { strategy: { type: 'OnDelete' } }],
    ['Partitioned', { updateStrategy: { rollingUpdate: { partition: 1 } } }],
  ] as const) {
    it(`B-API-8 B-OPR-3 is not repeated before its interval for a workload that is ${reason}`, async () => {
      const world = new PassWorld({
        policies: [policyOf({ reconciliationInterval: '1h', updateStrategy: { strategy: 'ssa' } })],
        workloads: [deployment('web', spec)],
        env: RICH,
      });
      await world.pass();
      expect(world.of('web').summary).to.include({ reason });
      expect(world.soon).to.deep.equal([]);
    });
  }

  it('B-APP-10 tells when it changed a template, so that whoever leads next knows until when the workload cools down', async () => {
    const world = new PassWorld({
      policies: [policyOf({ updateStrategy: { strategy: 'ssa' } })],
      workloads: [deployment('web')],
      env: RICH,
    });
    const operator = world.operator();
    await world.pass(operator);
    expect(world.of('web').applying?.disruption).to.equal(undefined);
    world.now += 60_000;
    await world.pass(operator);
    expect(world.of('web').applying?.disruption?.at).to.equal('2026-01-02T12:01:00Z');
  });
});

describe('a pass of a policy whose pods the webhook gives their resources', () => {
  it('B-API-8 has a status that kube-apiserver takes, over however many namespaces without the label', async () => {
    const names = Array.from({ length: 600 }, (_, i) => `team-${String(1000 + i)}-${'preview'.repeat(7)}`);
    const world = new PassWorld({
      policies: [policyOf({ selector: { namespaces: { deny: ['nothing'] } } })],
      workloads: names.map((name) => deployment('web', {}, name)),
      labels: {},
    });
    await world.pass();
    const { reason, message } = world.condition('Applying') ?? {};
    expect(reason).to.equal('NamespacesNotLabelled');
    expect(message).to.match(/: team-1000-\w+, team-1001-\w+, team-1002-\w+ and 597 more$/);
  });

  it('B-APP-10 tells when pods were last replaced, so that whoever leads next knows until when the workload cools down', async () => {
    const world = new PassWorld({ policies: [policyOf({})], workloads: [deployment('web')], env: RICH });
    const operator = world.operator();
    await world.pass(operator);
    const ask = async () => {
      const [policy] = world.policies;
      const [web] = world.workloads;
      return policy && web ? operator.gate.ask(web, policy, 'webhook') : undefined;
    };
    await ask();
    world.now += 60_000;
    expect(await ask()).to.equal(undefined);
    await world.pass(operator);
    const { disruption } = world.of('web').applying ?? {};
    expect(disruption?.at).to.equal('2026-01-02T12:01:00Z');
    world.now += 60_000;
    await world.pass();
    expect(world.of('web').applying?.disruption).to.deep.equal(disruption);
  });
});

describe('a pass without usage', () => {
  const outage = new ProviderError('ProviderUnreachable', 'no answer');

  it('B-GIT-3 B-MET-10 says of workloads what it said: who fights for templates, and how many are processed', async () => {
    const world = new PassWorld({
      policies: [policyOf({ updateStrategy: { strategy: 'ssa' } }, { generation: 1 })],
      workloads: [deployment('web'), deployment('db')],
    });
    await world.pass();
    world.suspend('web', { reason: 'SSAConflict', message: 'flux took back what was applied twice' });
    world.now += 60_000;
    await world.pass();
    const contested = world.condition('Uncontested');
    expect(contested).to.include({ status: 'False', reason: 'SSAConflict' });
    expect(world.statusOf('web').workloadsProcessed).to.equal(1);
    world.events.length = 0;
    for (const failure of [outage, undefined, outage]) {
      world.failure = failure;
      world.now += 300_000;
      await world.pass();
      expect(world.condition('Uncontested')).to.deep.equal(contested);
      expect(world.statusOf('web').workloadsProcessed).to.equal(1);
    }
    expect(world.events.map(({ reason }) => reason)).not.to.include('SSAConflict');
    // What an edit makes of it is not known before there is usage.
    world.policies = world.policies.map((policy) => ({ ...policy, metadata: { ...policy.metadata, generation: 2 } }));
    await world.pass();
    expect(world.condition('Uncontested')).to.equal(undefined);
  });

  it('B-REC-1 B-API-7 says of bounds what it said', async () => {
    const resourceBounds = { cpu: { min: '2', max: '4' }, memory: { min: '4Gi', max: '8Gi' } };
    const world = new PassWorld({
      policies: [policyOf({ resourceBounds }, { generation: 1 })],
      workloads: ['a', 'b', 'c', 'd', 'e'].map((name) => deployment(name)),
    });
    await world.pass();
    const decided = world.condition('BoundsFit');
    expect(decided).to.include({ status: 'False', reason: 'BoundsDecide' });
    world.failure = outage;
    world.now += 300_000;
    await world.pass();
    expect(world.condition('BoundsFit')).to.deep.equal(decided);
  });
});

describe('policies of a provider that is slow', () => {
  const slowPolicy = (i: number) =>
    policyOf({ selector: { namespaces: { allow: [`team-${i}`] } } }, { name: `slow-${i}`, uid: `slow-${i}` });
  const quick = policyOf(
    { metricsConfig: { provider: 'metrics-server' }, selector: { namespaces: { allow: ['bank'] } } },
    { name: 'quick', namespace: 'bank', uid: 'quick' },
  );

  it('B-MET-3 keep no policy of another waiting, however many they are, and say that they wait', async () => {
    const slow = Array.from({ length: 40 }, (_, i) => slowPolicy(i));
    const world = new PassWorld({
      policies: [...slow, quick],
      workloads: [...slow.map((_, i) => deployment('web', {}, `team-${i}`)), deployment('web', {}, 'bank')],
    });
    world.slow.add('prometheus');
    const operator = world.operator();
    await world.evaluate([...slow, quick], operator, 1);
    expect(world.statuses).to.deep.equal(['quick']);
    expect(world.condition('MetricsAvailable', 'quick')).to.include({ status: 'True' });
    world.losePatience();
    expect(world.soon).to.deep.equal(slow.map(({ metadata }) => ({ key: `shop/${metadata.name}`, afterMs: 0 })));
    await world.evaluate(slow, operator);
    for (const { metadata } of slow) {
      expect(world.condition('MetricsAvailable', metadata.name)).to.include({
        status: 'Unknown',
        reason: 'UsageBeingRead',
      });
    }
    expect(world.events).to.deep.equal([]);
    expect(world.of('web', 'team-0')).to.deep.equal({});
  });

  for (const isLong of [false, true]) {
    it(`B-MET-3 B-API-8 are evaluated as soon as it has told, ${isLong ? 'however long that took' : 'and say nothing before'}`, async () => {
      const slow = slowPolicy(0);
      const world = new PassWorld({ policies: [slow], workloads: [deployment('web', {}, 'team-0')] });
      world.slow.add('prometheus');
      const operator = world.operator();
      for (let i = 0; i < 2; i += 1) await world.evaluate([slow], operator, 0);
      if (isLong) world.losePatience();
      if (isLong) await world.pass(operator);
      world.soon.length = 0;
      await world.covered('prometheus');
      expect(world.soon).to.deep.equal([{ key: 'shop/slow-0', afterMs: 0 }]);
      await world.pass(operator);
      expect(world.statuses).to.have.length(isLong ? 2 : 1);
      expect(world.condition('MetricsAvailable', 'slow-0')).to.include({ status: 'True' });
      expect(world.of('web', 'team-0').summary?.cpu).to.contain('->');
      world.losePatience();
      expect(world.soon).to.have.length(1);
      expect(world.events).to.deep.equal([]);
    });
  }
});
