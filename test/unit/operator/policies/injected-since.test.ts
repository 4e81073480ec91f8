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
});
