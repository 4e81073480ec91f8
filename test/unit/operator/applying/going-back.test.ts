import { expect } from 'chai';
import { HOLDOFF, PodsWorld } from './pods-world.js';

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

  it('B-APP-11 have what their template says where nothing was applied before: in place', async () => {
    const world = await regressing({});
    world.goesBack({}, BACK);
    await world.look(BACK + 1);
    for (const name of world.pods.keys()) expect(world.resourcesOf(name), name).to.deep.equal(own);
    expect(world.asked).to.have.length(3);
    await world.look(BACK + 2);
    expect(world.asked).to.have.length(3);
  });

  it('B-APP-11 have what their template says of a resource that was not applied before', async () => {
    const template = { requests: { cpu: '500m', memory: '512Mi' } };
    const world = new PodsWorld({ template, wanted: { requests: { cpu: '100m', memory: '128Mi' } } });
    await world.look(2);
    await world.look(3);
    expect(world.resourcesOf('web-0')).to.deep.equal({ requests: { cpu: '100m', memory: '128Mi' } });
    world.goesBack(before, BACK);
    await world.look(BACK + 1);
    expect(world.resourcesOf('web-0')).to.deep.equal({ requests: { cpu: '400m', memory: '512Mi' } });
  });

  const defaulting = (cpu: string) => [
    {
      metadata: { name: 'defaults', uid: 'l', resourceVersion: '1', creationTimestamp: '' },
      spec: { limits: [{ type: 'Container', defaultRequest: { cpu } }] },
    },
  ];

  it('B-APP-11 have what a LimitRange gives to a container that says nothing', async () => {
    const world = new PodsWorld({ template: { requests: { memory: '128Mi' } }, wanted: bad });
    world.limitRanges = defaulting('300m');
    await world.look(2);
    world.goesBack({}, BACK);
    await world.look(BACK + 1);
    expect(world.resourcesOf('web-0')?.requests?.cpu).to.equal('300m');
  });

  it('B-APP-11 keep what the change was not about, and what somebody else gave them', async () => {
    const world = new PodsWorld({ template: { requests: { cpu: '500m', memory: '512Mi' } }, wanted: bad, replicas: 0 });
    await world.look(2);
    const resources = { requests: { cpu: '100m', memory: '1Gi' } };
    world.born('web-0', { seconds: 10, resources });
    await world.look(20);
    world.goesBack({}, BACK);
    await world.look(BACK + 1);
    expect(world.resourcesOf('web-0')).to.deep.equal({ requests: { cpu: '500m', memory: '1Gi' } });
  });

  it('B-APP-11 are replaced where the template has no such amount: no resize takes one away', async () => {
    const strategy = { allowRecreate: true };
    const world = new PodsWorld({ template: {}, wanted: bad, replicas: 2, strategy });
    await world.look(1);
    world.pods.clear();
    for (const name of ['web-a', 'web-b']) world.born(name, { seconds: 30, resources: bad });
    await world.look(60);
    world.asked.length = 0;
    world.goesBack({}, BACK);
    await world.look(BACK + 1);
    expect(world.asked).to.deep.equal([{ evict: 'web-a' }]);
    world.pods.delete('web-a');
    world.born('web-c', { seconds: BACK + 10 });
    await world.look(BACK + 20);
    expect(world.asked.slice(1)).to.deep.equal([{ evict: 'web-b' }]);
    world.pods.delete('web-b');
    world.born('web-d', { seconds: BACK + 30 });
    await world.look(BACK + 40);
    expect(world.asked).to.have.length(2);
  });

  it('B-APP-11 B-APP-7 wait for their next restart where nobody may replace them, which is told', async () => {
    const world = new PodsWorld({ template: {}, wanted: bad, replicas: 0 });
    await world.look(1);
    world.born('web-a', { seconds: 30, resources: bad });
    await world.look(60);
    world.goesBack({}, BACK);
    await world.look(BACK + 1);
    expect(world.asked).to.deep.equal([]);
    expect(world.events.map(({ reason }) => reason)).to.deep.equal(['InPlaceResizeUnavailable']);
  });

  it('B-APP-11 are evicted though they are not ready, and those before the ones that are', async () => {
    const world = await regressing({ allowRecreate: true, allowInPlaceResize: false });
    for (const name of ['web-1-bad', 'web-2-bad']) world.losesReadiness(name);
    world.goesBack({}, BACK);
    await world.look(BACK + 1);
    expect(world.asked).to.deep.equal([{ evict: 'web-1-bad' }]);
    world.pods.delete('web-1-bad');
    world.born('web-3', { seconds: BACK + 10 });
    world.losesReadiness('web-3');
    await world.look(BACK + 20);
    expect(world.asked, 'before its replacement is ready').to.have.length(1);
    world.pods.delete('web-3');
    world.born('web-3', { seconds: BACK + 10 });
    for (const next of ['web-2-bad', 'web-0-bad']) {
      await world.look(BACK + 30);
      expect(world.asked.at(-1)).to.deep.equal({ evict: next });
      world.pods.delete(next);
      world.born(`${next}-replaced`, { seconds: BACK + 25 });
    }
  });

  it('B-APP-11 are restarted once, whatever new pods have by the time', async () => {
    const strategy = { rolloutStrategy: 'immediate', allowInPlaceResize: false };
    const world = new PodsWorld({ template: { requests: { memory: '128Mi' } }, wanted: bad, replicas: 0, strategy });
    world.limitRanges = defaulting('300m');
    await world.look(2);
    world.born('web-0', { seconds: 30, resources: bad });
    world.goesBack({}, BACK);
    await world.look(BACK + 1);
    world.limitRanges = defaulting('400m');
    await world.look(BACK + 2);
    expect(world.asked).to.have.length(1);
  });

  it('B-APP-11 are left alone once the workload is no longer held for it', async () => {
    const world = await regressing({});
    world.goesBack({}, BACK);
    await world.look(BACK + HOLDOFF + 1);
    expect(world.asked).to.deep.equal([]);
  });

  it('B-APP-11 are left alone until new pods would be better', async () => {
    const world = await regressing({ allowRecreate: true, allowInPlaceResize: false });
    const annotated = world.annotations;
    world.goesBack({}, BACK);
    const back = world.annotations;
    world.annotations = annotated;
    await world.look(BACK + 1);
    expect(world.asked).to.deep.equal([]);
    world.annotations = back;
    await world.look(BACK + 2);
    expect(world.asked).to.have.length(1);
  });

  for (const [how, strategy, asked] of [
    ['restarted', { rolloutStrategy: 'immediate', allowInPlaceResize: false }, 'restart'],
    ['evicted', { allowRecreate: true, allowInPlaceResize: false }, 'evict'],
  ] as const) {
    it(`B-APP-11 are ${how} where that is the policy's way, and come with what their template says`, async () => {
      const world = await regressing(strategy);
      world.goesBack({}, BACK);
      for (const seconds of [1, 2, 3]) await world.look(BACK + seconds);
      expect(world.asked.map((one) => Object.keys(one))).to.deep.equal([[asked]]);
    });

    for (const [what, to] of [
      ['what it had', before],
      ['what the template says', {}],
    ] as const) {
      it(`B-FRM-2 are ${how} also where the operator ended once the annotations had gone back to ${what}`, async () => {
        const world = await regressing(strategy);
        world.goesBack(to, BACK);
        world.killOperator();
        await world.look(BACK + 1);
        expect(world.asked.map((one) => Object.keys(one))).to.deep.equal([[asked]]);
        expect(world.told?.reason).not.to.equal('AdmittedUnchanged');
      });
    }
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
