import { expect } from 'chai';
import type { SeenPod } from '../../../../operator/usage/pods.js';
import { IMPATIENT } from '../../../support/impatient.js';
import { policyOf } from '../../lib/policies.js';
import { deployment, PassWorld } from './pass-world.js';

describe('a pod that regresses at once', () => {
  /** A template that policies write to, and an operator with something left of its budgets. */
  async function shop() {
    const policy = policyOf({ updateStrategy: { strategy: 'ssa' } });
    const world = new PassWorld({ policies: [policy], workloads: [deployment('first')], env: IMPATIENT });
    const operator = world.operator();
    await world.pass(operator);
    world.now += 60_000;
    world.workloads.push(deployment('web'));
    return { world, pass: () => world.pass(operator) };
  }

  /** @param at seconds since 1970 */
  function killed(name: string, at: number, memory: string): SeenPod {
    const creationTimestamp = new Date(at * 1000).toISOString();
    return {
      metadata: { namespace: 'shop', name, uid: name, resourceVersion: '1', creationTimestamp, ownerReferences: [] },
      spec: { containers: [{ name: 'app', resources: { requests: { cpu: '120m', memory } } }] },
      status: { containerStatuses: [], initContainerStatuses: [] },
      isReady: true,
      health: { troubles: [{ container: 'app', what: 'OOMKilled', at }] },
    };
  }

  it('B-APP-11 before the writing of its template is over has its workload go back', async () => {
    const { world, pass } = await shop();
    world.whileWriting = (name) => {
      if (name === 'web') world.pods = [killed('web-new', world.now / 1000, '308Mi')];
    };
    await pass();
    expect(world.pods).to.have.length(1);
    expect(world.of('web').applying?.change).to.deep.include({ available: 3 }).and.not.to.have.property('troubled');
    world.now += 1000;
    await pass();
    expect(world.of('web').applying?.suspension?.reason).to.equal('Regressed');
  });

  it('B-APP-11 is no news where the workload was in that trouble before', async () => {
    const { world, pass } = await shop();
    world.pods = [killed('web-old', world.now / 1000 - 60, '1Gi')];
    await pass();
    expect(world.of('web').applying?.change).to.deep.include({ troubled: ['app'] });
    world.pods = [killed('web-new', world.now / 1000, '308Mi')];
    world.now += 1000;
    await pass();
    expect(world.of('web').applying?.suspension).to.equal(undefined);
  });
});
