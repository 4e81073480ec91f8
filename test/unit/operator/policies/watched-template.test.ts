import { expect } from 'chai';
import { RESOURCE_NAMES } from 'optipod/lib/api';
import type { SeenPod } from '../../../../operator/usage/pods.js';
import { IMPATIENT } from '../../../support/impatient.js';
import { policyOf } from '../../lib/policies.js';
import { deployment, PassWorld } from './pass-world.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OWN = { requests: { cpu: '500m', memory: '1Gi' } };
const APPLIED = { requests: { cpu: '120m', memory: '308Mi' } };

const policyBy = (updateStrategy: object = {}, mode = 'Auto', generation = 1) =>
  policyOf({ mode, updateStrategy: { strategy: 'ssa', ...updateStrategy } }, { generation });

/** A template that a policy writes to, and an operator with something left of its budgets. */
async function shop(policy = policyBy(), own: object = OWN, env: Readonly<Record<string, string>> = IMPATIENT) {
  const world = new PassWorld({ policies: [policy], workloads: [deployment('first')], env });
  let operator = world.operator();
  const pass = async (afterMs = MINUTE) => {
    world.now += afterMs;
    await world.pass(operator);
  };
  await world.pass(operator);
  world.now += HOUR;
  world.workloads.push(deployment('web'));
  if (own !== OWN) {
    world.edit('web', { requests: { cpu: null, memory: null } });
    world.edit('web', own);
  }
  /** A pod of the template as it is by now is made, and killed for want of memory. */
  const killed = async () => {
    world.now += MINUTE;
    const at = world.now / 1000;
    world.pods = [pod(at, world.resourcesIn('web'), [{ container: 'app', what: 'OOMKilled', at }])];
    await pass(1000);
  };
  return {
    world,
    pass,
    restart: () => (operator = world.operator()),
    template: () => world.resourcesIn('web'),
    applying: () => world.of('web').applying,
    killed,
  };
}

/** @param at seconds since 1970, when it was made */
function pod(at: number, resources: object = {}, troubles: SeenPod['health']['troubles'] = []): SeenPod {
  const creationTimestamp = new Date(at * 1000).toISOString();
  return {
    metadata: {
      namespace: 'shop',
      name: 'web-1',
      uid: 'p',
      resourceVersion: '1',
      creationTimestamp,
      ownerReferences: [],
    },
    spec: { containers: [{ name: 'app', resources }] },
    status: { containerStatuses: [], initContainerStatuses: [] },
    isReady: true,
    health: { troubles },
  };
}

describe('a template that is watched', () => {
  it('B-APP-11 is so for what it has, not for what is recommended meanwhile and refused', async () => {
    const patient = { ...IMPATIENT, OPTIPOD_DISRUPTION_COOLDOWN: '30m' };
    const { world, pass, template, applying, killed } = await shop(policyBy(), OWN, patient);
    await pass();
    expect(template()).to.deep.equal(APPLIED);
    world.cpu = 0.2;
    await pass();
    expect(world.of('web').conditions?.find(({ type }) => type === 'Applied')?.reason).to.equal('CoolingDown');
    await killed();
    expect(applying()?.suspension?.reason).to.equal('Regressed');
    expect(template()).to.deep.equal(OWN);
  });

  it('B-APP-11 is so from when it was written, whatever its author did while that was refused', async () => {
    const world = new PassWorld({ policies: [policyBy()], workloads: [deployment('web')] });
    const operator = world.operator();
    await world.pass(operator);
    expect(world.of('web').summary?.reason).to.equal('BudgetExhausted');
    world.workloads = world.workloads.map((one) => ({ ...one, content: 'another image' }));
    world.now += HOUR;
    await world.pass(operator);
    expect(world.resourcesIn('web')).to.deep.equal(APPLIED);
    expect(world.of('web').applying?.change).to.include({ content: 'another image' });
  });

  it('B-APP-11 is so for what of it is applied, whatever else was recommended before and is held', async () => {
    const { world, pass, template, killed } = await shop(policyBy({}, 'Recommend'));
    await pass();
    world.holds = [{ resource: 'cpu', reason: 'HeldByHPA', message: 'an HPA follows it' }];
    world.policies = [policyBy({}, 'Auto', 2)];
    // The first who asks finds the budgets empty.
    await pass();
    await pass();
    expect(template()).to.deep.equal({ requests: { cpu: '500m', memory: '308Mi' } });
    await killed();
    expect(template()).to.deep.equal(OWN);
  });

  it('B-APP-11 is so again where the same is applied anew', async () => {
    const { world, pass, template, applying, killed } = await shop();
    await pass();
    world.pods = [pod(world.now / 1000, template())];
    await pass(HOUR);
    expect(applying()?.change?.proven).to.equal(true);
    world.edit('web', OWN, 'kubectl');
    world.pods = [pod(world.now / 1000, OWN)];
    await pass();
    expect(applying()?.suspension?.reason).to.equal('RolledBack');
    await pass(7 * HOUR);
    expect(template()).to.deep.equal(APPLIED);
    await killed();
    expect(template()).to.deep.equal(OWN);
  });

  it('B-OBS-1 tells nothing new while it is held', async () => {
    const { world, pass, template, killed } = await shop();
    await pass();
    world.pods = [pod(world.now / 1000, template())];
    world.memory = 2 ** 27;
    await pass();
    expect(template()).to.deep.equal({ requests: { cpu: '120m', memory: '154Mi' } });
    await killed();
    expect(world.of('web').applying?.suspension?.reason).to.equal('Regressed');
    expect(template()).to.deep.equal(APPLIED);
    await pass();
    const before = world.of('web');
    await pass();
    expect(world.of('web')).to.deep.equal(before);
  });

  for (const useServerSideApply of [true, false]) {
    describe(`useServerSideApply ${useServerSideApply}, by an operator that is killed right after it wrote`, () => {
      async function killedOperator() {
        const all = await shop(policyBy({ useServerSideApply }));
        all.world.beforeAnswer = () => Promise.reject(new Error('killed'));
        await all.pass();
        all.world.beforeAnswer = () => Promise.resolve();
        all.restart();
        expect(all.template()).to.deep.equal(APPLIED);
        return all;
      }

      it('B-FRM-2 B-APP-11 goes back', async () => {
        const { template, killed } = await killedOperator();
        await killed();
        await killed();
        expect(template()).to.deep.equal(OWN);
      });

      it('B-FRM-2 B-APP-2 can be restored', async () => {
        const { world, pass, applying } = await killedOperator();
        world.policies = [policyBy({ useServerSideApply }, 'Recommend', 2)];
        await pass();
        expect(applying()?.applied).to.deep.equal([
          { name: 'app', cpu: { request: '120m' }, memory: { request: '308Mi' } },
        ]);
      });

      it('B-FRM-2 B-APP-11 kubectl rollout undo is not fought', async () => {
        const { world, pass, template, applying } = await killedOperator();
        await pass();
        world.edit('web', OWN, 'kubectl');
        await pass();
        await pass();
        expect(template()).to.deep.equal(OWN);
        expect(applying()?.suspension?.reason).to.equal('RolledBack');
      });
    });
  }

  describe('goes back to nothing', () => {
    it('B-APP-11 also what OptiPod had let go of', async () => {
      const { world, pass, template, killed } = await shop(policyBy(), {});
      await pass();
      world.policies = [policyBy({}, 'Recommend', 2)];
      await pass();
      world.policies = [policyBy({}, 'Auto', 3)];
      world.holds = RESOURCE_NAMES.map((resource) => ({ resource, reason: 'HeldByHPA', message: 'an HPA follows it' }));
      await pass();
      expect(template()).to.deep.equal(APPLIED);
      await killed();
      expect(template()).to.deep.equal({});
    });

    it('B-APP-11 also what OptiPod had written by patches', async () => {
      const { world, pass, template, killed } = await shop(policyBy({ useServerSideApply: false }), {});
      await pass();
      world.policies = [policyBy({}, 'Auto', 2)];
      await pass();
      await killed();
      expect(template()).to.deep.equal({});
      expect(world.events.map(({ reason }) => reason)).not.to.include('RolledBack');
    });
  });

  it('B-GIT-3 blames nobody for what its owner did with what was not managed', async () => {
    const limits = policyBy({ updateRequestsOnly: false });
    const { world, pass, template, applying } = await shop(limits, { ...OWN, limits: { memory: '2Gi' } });
    await pass();
    world.policies = [policyBy({ updateRequestsOnly: true }, 'Auto', 2)];
    await pass();
    world.edit('web', { limits: { memory: '3Gi' } });
    await pass(7 * HOUR);
    world.policies = [policyBy({ updateRequestsOnly: false }, 'Auto', 3)];
    await pass();
    await pass();
    expect(applying()?.suspension).to.equal(undefined);
    expect(applying()?.takenBack).to.equal(undefined);
    expect(applying()?.originals?.[0]?.memory).to.deep.equal({ request: '1Gi', limit: '3Gi' });
    expect(template()).to.deep.include({ requests: { cpu: '120m', memory: '308Mi' } });
  });
});
