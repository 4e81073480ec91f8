import { expect } from 'chai';
import { policyOf } from '../../lib/policies.js';
import { deployment, LABELLED, PassWorld } from './pass-world.js';

const DAY = 86_400_000;

describe('since when new pods get what is recommended', () => {
  const shop = (mode: 'Recommend' | 'Auto', labels: Readonly<Record<string, string>> = LABELLED) =>
    new PassWorld({ policies: [policyOf({ mode })], workloads: [deployment('web')], labels });
  const since = (world: PassWorld) => world.of('web').applying?.injectedSince;
  const instant = (ms: number) => new Date(ms).toISOString().replace('.000', '');

  it('B-APP-5 B-APP-7 is when the policy went to Auto, not when the same numbers were first recommended, and is told once', async () => {
    const world = shop('Recommend');
    await world.pass();
    expect(since(world)).to.equal(undefined);
    world.now += DAY;
    world.policies = [policyOf({ mode: 'Auto' })];
    const began = instant(world.now);
    await world.pass();
    expect(since(world)).to.equal(began);
    world.now += DAY;
    await world.pass();
    expect(since(world)).to.equal(began);
  });

  it('B-APP-5 B-APP-7 ends with a pause, and begins anew with the resumption', async () => {
    const world = shop('Auto');
    await world.pass();
    world.isPaused = true;
    await world.pass();
    expect(since(world)).to.equal(undefined);
    world.isPaused = false;
    world.now += DAY;
    await world.pass();
    expect(since(world)).to.equal(instant(world.now));
  });

  it('B-APP-10 begins when the namespace is labelled', async () => {
    const world = shop('Auto', {});
    await world.pass();
    expect(since(world)).to.equal(undefined);
    world.namespaces.set('shop', LABELLED);
    world.now += DAY;
    await world.pass();
    expect(since(world)).to.equal(instant(world.now));
  });

  it('B-APP-5 is what was seen when pods were looked at, where that is later', async () => {
    const world = shop('Auto');
    await world.pass();
    world.ofPods.set('Deployment/shop/web', { since: world.now / 1000 + 60 });
    await world.pass();
    expect(since(world)).to.equal(instant(world.now + 60_000));
  });

  it('B-APP-11 B-FRM-2 is when the workload went back to what its template says, told once', async () => {
    const world = shop('Auto');
    await world.pass();
    world.now += DAY;
    world.suspend('web', { reason: 'Regressed', message: 'web-1 is not ready' });
    const told = world.told.get('shop/deployment-web');
    const { applying } = world.of('web');
    if (!told || !applying?.change) throw new Error('nothing was changed');
    const change = { ...applying.change, containers: [], proven: true };
    world.told.set('shop/deployment-web', { ...told, status: { ...told.status, applying: { ...applying, change } } });
    const back = instant(world.now);
    await world.pass();
    expect(since(world)).to.equal(back);
    world.now += 3_600_000;
    await world.pass();
    expect(since(world)).to.equal(back);
  });
});
