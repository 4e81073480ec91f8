import { expect } from 'chai';
import { Registry } from 'prom-client';
import { writeAnnotations } from 'optipod/lib/api';
import type { Stop } from 'optipod/lib/apply';
import { createGate } from '../../../../operator/applying/guards/create-gate.js';
import type { Refusal } from '../../../../operator/applying/guards/gate.js';
import { operatorSettings } from '../../../../operator/settings.js';
import type { ToldRecommendations } from '../../../../operator/workloads/recommendation.js';
import type { Workload } from '../../../../operator/workloads/workload.js';
import { policyOf } from '../../lib/policies.js';
import { rolledOut } from '../../../support/rolled-out.js';

const MINUTE = 60_000;

/** What a budget of 60 an hour takes to have one: what may come at once is the hour's too. */
const ONE_OF_SIXTY = Math.ceil((61 * MINUTE) / 51);
const POLICY = policyOf({});

type Told = ReturnType<ToldRecommendations['list']>[number];

function workload(name: string, cpu = '240m', lastRecommendation = '2026-01-02T11:00:00Z'): Workload {
  const annotations = writeAnnotations({
    policy: { namespace: 'shop', name: 'web', uid: 'uid-web' },
    lastRecommendation,
    strategy: 'webhook',
    containers: new Map([['app', { requests: { cpu } }]]),
  });
  return {
    kind: 'Deployment',
    metadata: { namespace: 'shop', name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '', annotations },
    pod: { containers: [{ name: 'app' }] },
    replicas: 2,
    content: 'a',
    managers: [],
    rollout: rolledOut(2),
  };
}

/** A gate, and everything that it looks at. */
function world(env: Readonly<Record<string, string>> = {}) {
  const registry = new Registry();
  const state = {
    now: Date.parse('2026-01-02T12:00:00Z'),
    stop: undefined as Stop | undefined,
    told: new Map<string, Told>(),
    proof: undefined as Refusal | undefined,
    proofs: 0,
  };
  const make = (into = new Registry()) =>
    createGate({
      settings: operatorSettings({ env, argv: [] }),
      stop: () => state.stop,
      recommendations: {
        get: (_, name) => state.told.get(name),
        list: () => [...state.told.values()],
      },
      proof: () => {
        state.proofs += 1;
        return Promise.resolve(state.proof);
      },
      registry: into,
      now: () => state.now,
    });
  const gate = make(registry);
  const applied = (name: string, at: string, status: Told['status'] = {}) =>
    state.told.set(`deployment-${name}`, {
      metadata: {
        name: `deployment-${name}`,
        namespace: 'shop',
        uid: 'u',
        resourceVersion: '1',
        creationTimestamp: '',
      },
      spec: {
        workload: { kind: 'Deployment', name, uid: `uid-${name}` },
        policy: { namespace: 'shop', name: 'web', uid: 'uid-web' },
      },
      status: { ...status, lastApplied: at },
    });
  const reason = async (one: Workload, through: 'webhook' | 'template' = 'webhook', of = gate) =>
    (await of.ask(one, POLICY, through))?.reason;
  return { state, gate, make, registry, applied, reason };
}

const RICH = {
  OPTIPOD_POLICY_DISRUPTIONS_PER_HOUR: '100000',
  OPTIPOD_NAMESPACE_DISRUPTIONS_PER_HOUR: '100000',
  OPTIPOD_CLUSTER_DISRUPTIONS_PER_HOUR: '100000',
};

/** With full purses. */
async function rich(env: Readonly<Record<string, string>> = {}) {
  const all = world({ ...RICH, ...env });
  await all.gate.ask(workload('first'), POLICY, 'template');
  all.state.now += MINUTE;
  return all;
}

describe('the gate before pods are replaced', () => {
  it('B-APP-10 lets through what nothing speaks against, and counts it', async () => {
    const { reason, registry } = await rich();
    expect(await reason(workload('web'))).to.equal(undefined);
    expect(await reason(workload('db'), 'template')).to.equal(undefined);
    const text = await registry.metrics();
    expect(text).to.contain('optipod_disruptions_total{through="webhook"} 1');
    expect(text).to.contain('optipod_disruptions_total{through="template"} 1');
    expect(text).to.contain('optipod_disruption_breaker_open 0');
  });

  it('B-APP-1 B-APP-10 lets nothing through while everything is stopped', async () => {
    const { state, reason } = await rich();
    state.stop = { reason: 'Paused', message: 'paused' };
    expect(await reason(workload('web'))).to.equal('Paused');
    expect(await reason(workload('web'), 'template')).to.equal('Paused');
  });

  it('B-APP-10 refuses for the rollout, with a reason and a message; only a change of the workload is worth asking again', async () => {
    const { gate, registry } = await rich();
    const one = workload('web');
    const refusal = await gate.ask({ ...one, rollout: { ...one.rollout, available: 1 } }, POLICY, 'webhook');
    expect(refusal).to.include({ reason: 'RolloutInProgress' }).and.not.to.have.property('retryAfterMs');
    expect(refusal?.message).to.contain('1 are available');
    expect(await registry.metrics()).to.contain('optipod_disruption_refusals_total{reason="RolloutInProgress"} 1');
  });

  it('B-APP-10 asks about the webhook last, only where pods go by it, and spends nothing on its refusal', async () => {
    const { state, reason } = await rich({ OPTIPOD_NAMESPACE_DISRUPTIONS_PER_HOUR: '60' });
    state.now += ONE_OF_SIXTY;
    const before = state.proofs;
    state.proof = { reason: 'WebhookNotSeen', message: 'not seen' };
    expect(await reason(workload('web'))).to.equal('WebhookNotSeen');
    expect(await reason(workload('db'), 'template')).to.equal(undefined);
    expect(state.proofs).to.equal(before + 1);
    const one = workload('paused');
    await reason({ ...one, rollout: { ...one.rollout, paused: true } });
    expect(state.proofs).to.equal(before + 1);
  });

  it('B-APP-10 begins with an empty purse under every leader', async () => {
    const { state, make, reason } = world({ ...RICH, OPTIPOD_CLUSTER_DISRUPTIONS_PER_HOUR: '60' });
    expect(await reason(workload('web'))).to.equal('BudgetExhausted');
    state.now += ONE_OF_SIXTY;
    expect(await reason(workload('web'))).to.equal(undefined);
    const next = make();
    expect(await reason(workload('db'), 'webhook', next)).to.equal('BudgetExhausted');
    expect((await next.ask(workload('db'), POLICY, 'webhook'))?.message).to.contain(
      'the cluster, which has 60 an hour',
    );
  });

  it('B-APP-10 after a change a workload cools down, over restarts too; pods of one recommendation are one change', async () => {
    const { state, gate, make, applied, reason } = await rich();
    expect(await reason(workload('web', '240m'))).to.equal(undefined);
    expect(await reason(workload('web', '240m'))).to.equal(undefined);
    expect(await reason(workload('web', '300m'))).to.equal('CoolingDown');
    // A process that knows only what was told.
    const disruption = gate.lastDisruption(workload('web'));
    expect(disruption?.at).to.equal('2026-01-02T12:01:00Z');
    applied('web', '2026-01-02T12:01:00Z', { applying: { ...(disruption ? { disruption } : {}) } });
    const next = make();
    await next.ask(workload('first'), POLICY, 'template');
    state.now += 1000;
    expect(await reason(workload('web', '300m'), 'webhook', next)).to.equal('CoolingDown');
    expect(await reason(workload('web', '240m'), 'webhook', next)).to.equal(undefined);
    expect(await reason(workload('web', '240m'), 'template', next)).to.equal('CoolingDown');
    state.now += 31 * MINUTE;
    expect(await reason(workload('web', '300m'), 'webhook', next)).to.equal(undefined);
  });

  it('B-APP-10 what was resized in place, or born by itself, replaced nothing: nobody cools down for it, and no cooldown ends', async () => {
    const { state, gate, make, applied, reason } = await rich();
    applied('web', '2026-01-02T12:00:59Z');
    expect(await reason(workload('web', '240m'))).to.equal(undefined);
    const disruption = gate.lastDisruption(workload('web'));
    // Another leader, and another recommendation that one of its pods has by now.
    applied('web', '2026-01-02T12:06:00Z', { applying: { ...(disruption ? { disruption } : {}) } });
    const next = make();
    await next.ask(workload('first'), POLICY, 'template');
    state.now += 6 * MINUTE;
    expect(await reason(workload('web', '300m', '2026-01-02T12:05:00Z'), 'webhook', next)).to.equal('CoolingDown');
    state.now += 24 * MINUTE;
    applied('web', '2026-01-02T12:31:00Z', { applying: { ...(disruption ? { disruption } : {}) } });
    expect(await reason(workload('web', '300m', '2026-01-02T12:05:00Z'), 'webhook', next)).to.equal(undefined);
  });

  it('B-APP-10 what was not done in the end is given back: to the budgets, and to the workload, which does not cool down for it', async () => {
    const { state, gate, reason } = await rich({ OPTIPOD_CLUSTER_DISRUPTIONS_PER_HOUR: '60' });
    state.now += ONE_OF_SIXTY - MINUTE;
    const web = workload('web', '240m');
    expect(await reason(web)).to.equal(undefined);
    expect(await reason(workload('db'))).to.equal('BudgetExhausted');
    gate.giveBack(web, POLICY, 'webhook');
    expect(await reason(workload('web', '300m'))).to.equal(undefined);
    expect(await reason(workload('db'))).to.equal('BudgetExhausted');
  });

  it('B-APP-10 what is given back leaves what was done before for the same recommendation', async () => {
    const { gate, reason } = await rich();
    const web = workload('web', '240m');
    expect(await reason(web)).to.equal(undefined);
    expect(await reason(web)).to.equal(undefined);
    gate.giveBack(web, POLICY, 'webhook');
    expect(await reason(workload('web', '300m'))).to.equal('CoolingDown');
    expect(await reason(web)).to.equal(undefined);
  });

  it('B-APP-10 a namesake made since has no past', async () => {
    const { applied, reason } = await rich();
    const at = '2026-01-02T12:00:30Z';
    applied('web', at, { applying: { disruption: { at, said: 'something else' } } });
    const one = workload('web');
    expect(await reason({ ...one, metadata: { ...one.metadata, uid: 'another' } }, 'template')).to.equal(undefined);
    expect(await reason(one, 'template')).to.equal('CoolingDown');
  });

  it('B-APP-10 B-APP-11 the breaker stops everybody where too many regressed, and lets them go on in the end', async () => {
    const { state, applied, gate, registry } = await rich();
    const suspension = {
      reason: 'Regressed',
      message: 'killed',
      since: '2026-01-02T12:00:00Z',
      until: '2026-01-02T18:00:00Z',
    };
    for (const name of ['a', 'b', 'c']) applied(name, '2026-01-02T11:50:00Z', { applying: { suspension } });
    state.now += 10_000;
    const refusal = await gate.ask(workload('web'), POLICY, 'template');
    expect(refusal).to.include({ reason: 'CircuitOpen' });
    expect(refusal?.message).to.match(/^3 of the 3 workloads/);
    expect(await registry.metrics()).to.contain('optipod_disruption_breaker_open 1');
    state.now += refusal?.retryAfterMs ?? 0;
    expect(await gate.ask(workload('web'), POLICY, 'template')).to.equal(undefined);
  });

  it('B-APP-11 what goes back waits for no rollout, breaker or cooldown, but for a pause and the budgets', async () => {
    const { state, applied, reason } = await rich();
    const suspension = {
      reason: 'Regressed',
      message: 'killed',
      since: '2026-01-02T12:00:00Z',
      until: '2026-01-02T18:00:00Z',
      content: 'a',
    };
    const at = '2026-01-02T12:00:30Z';
    const disruption = { at, said: 'what made it worse' };
    for (const name of ['web', 'b', 'c']) applied(name, at, { applying: { suspension, disruption } });
    const stuck = workload('web', '200m', '2026-01-02T12:00:50Z');
    const web = { ...stuck, rollout: { ...stuck.rollout, available: 0, failed: true } };
    state.now += 10_000;
    expect(await reason(workload('other'))).to.equal('CircuitOpen');
    expect(await reason(web)).to.equal(undefined);
    expect(await reason({ ...web, rollout: { ...web.rollout, paused: true } })).to.equal('RolloutPaused');
    expect(await reason({ ...web, content: 'edited since' })).to.equal('RolloutFailed');
    state.stop = { reason: 'Paused', message: 'paused' };
    expect(await reason(web)).to.equal('Paused');
  });
});
