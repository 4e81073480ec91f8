import { expect } from 'chai';
import { PodsWorld } from './pods-world.js';

const own = { requests: { cpu: '500m' } };
const before = { requests: { cpu: '400m' } };
const bad = { requests: { cpu: '100m' } };
/** When the workload goes back: seconds after the recommendation that it regressed with. */
const BACK = 1200;

describe('pods of a workload that goes back to what it had', () => {
  /** All pods were replaced for a recommendation that turned out bad. */
  async function regressing(strategy: object, replicas = 3): Promise<PodsWorld> {
    const world = new PodsWorld({ template: own, wanted: bad, replicas, strategy });
    await world.look(2);
    for (const name of [...world.pods.keys()]) {
      world.pods.delete(name);
      world.born(`${name}-bad`, { seconds: 30, resources: bad });
    }
    await world.look(60);
    world.asked.length = 0;
    return world;
  }

  for (const [how, strategy, asked] of [
    ['restarted', { rolloutStrategy: 'immediate', allowInPlaceResize: false }, 'restart'],
    ['evicted', { allowRecreate: true, allowInPlaceResize: false }, 'evict'],
  ] as const) {
    it(`B-FRM-2 are ${how} for it also where the operator ended once the annotations had gone back`, async () => {
      const world = await regressing(strategy);
      world.goesBack(before, BACK);
      world.killOperator();
      await world.look(BACK + 1);
      expect(world.asked.map((one) => Object.keys(one))).to.deep.equal([[asked]]);
      expect(world.told?.reason).not.to.equal('AdmittedUnchanged');
    });
  }

  it('B-FRM-2 are evicted to the last one, whenever the operator ends, and what came after is left alone', async () => {
    const world = await regressing({ allowRecreate: true, allowInPlaceResize: false });
    world.goesBack(before, BACK);
    for (let seconds = BACK + 10; seconds < BACK + 100; seconds += 10) {
      world.killOperator();
      await world.look(seconds);
      for (const [name, { metadata }] of [...world.pods]) {
        if (metadata.deletionTimestamp === undefined) continue;
        world.pods.delete(name);
        world.born(`web-${seconds}`, { seconds, resources: before });
      }
    }
    expect(world.asked).to.have.length(3);
    for (const name of world.pods.keys()) expect(world.resourcesOf(name)).to.deep.equal(before);
  });
});
