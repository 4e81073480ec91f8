import { expect } from 'chai';
import { Memories } from '../../../../operator/applying/pods/memory.js';
import { PodsWorld, START } from './pods-world.js';

const has = { requests: { cpu: '100m', memory: '128Mi' } };
const more = { requests: { cpu: '200m', memory: '256Mi' } };
/** Memory is not resized without a restart of the container. */
const container = { resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }] };
const DAY = 86_400;
const WEBHOOK_DOWN = 'Internal error occurred: failed calling webhook "guard.example.com": connection refused';
const NAMES = { evict: { allowRecreate: true }, restart: { rolloutStrategy: 'immediate' } } as const;

async function rejection(promise: Promise<unknown>): Promise<Error | undefined> {
  return promise.then(
    () => undefined,
    (error: unknown) => error as Error,
  );
}

describe('pods that cannot be resized in place', () => {
  it('B-APP-6 B-APP-7 wait for their next restart where nobody may evict them, with one event; what restarts nothing does not wait', async () => {
    const world = new PodsWorld({ template: has, wanted: more, container });
    await world.look(1);
    await world.look(2);
    expect(world.asked).to.deep.equal([
      { resize: 'web-0', step: { containers: [{ name: 'app', resources: { requests: { cpu: '200m' } } }] } },
    ]);
    expect(world.told).to.include({ at: START / 1000 + 2 });
    expect(world.told?.message).to.match(
      /1 of 1 pods: RestartContainer: .*memory; all else that is recommended is in effect$/,
    );
    expect(world.told).to.include({ applied: false, reason: 'InPlaceResizeUnavailable' });
    const [event, another] = world.events;
    expect(event).to.include({ type: 'Warning', reason: 'InPlaceResizeUnavailable' });
    expect(event?.message).to.contain('resizePolicy').and.to.contain('memory');
    expect(another).to.equal(undefined);
    // Another recommendation is another change.
    world.recommend({ requests: { cpu: '300m', memory: '512Mi' } }, 100);
    await world.look(100);
    expect(world.events).to.have.length(2);
  });

  for (const [how, strategy] of Object.entries(NAMES)) {
    it(`B-APP-5 B-APP-7 B-FRM-2 ${how}: what was born before injection began is one of the old, whatever process looks`, async () => {
      const world = new PodsWorld({ template: has, wanted: more, container, replicas: 2, strategy });
      // The same was recommended for a week, in which a release made new pods and a user restarted them.
      world.pods.clear();
      for (const name of ['web-a', 'web-b']) world.born(name, { seconds: 3 * DAY });
      world.restartedByUser(3 * DAY);
      world.injectedSince = START + 7 * DAY * 1000;
      world.killOperator();
      await world.look(7 * DAY + 60);
      expect(world.asked.map((asked) => Object.keys(asked)[0])).to.deep.equal([how]);
      expect(world.told?.reason).to.equal(how === 'evict' ? 'Evicting' : 'Restarting');
    });
  }

  it('B-FRM-2 what was not told before the operator ended begins when the next one looks', async () => {
    const world = new PodsWorld({ template: has, wanted: more, container, strategy: NAMES.evict });
    world.born('web-0', { seconds: 3 * DAY });
    world.injectedSince = undefined;
    await world.look(7 * DAY);
    expect(world.asked).to.deep.equal([{ evict: 'web-0' }]);
    expect(world.toldSince).to.equal(START / 1000 + 7 * DAY);
  });

  for (const [what, given] of Object.entries({
    'BestEffort pods': { template: {} },
    'containers that would restart': { template: has, container },
  })) {
    it(`B-APP-7 ${what} wait for their next restart without a word where the policy resizes nothing in place`, async () => {
      const world = new PodsWorld({ ...given, wanted: more, replicas: 2, strategy: { allowInPlaceResize: false } });
      await world.look(1);
      expect(world.told).to.deep.equal({});
      expect(world.events).to.deep.equal([]);
      expect(world.asked).to.deep.equal([]);
    });
  }

  describe('are evicted where the policy says so', () => {
    const evicting = (replicas = 3) =>
      new PodsWorld({ template: has, wanted: more, container, replicas, strategy: NAMES.evict });

    it('B-APP-7 one at a time, the next when the one before is replaced and ready', async () => {
      const world = evicting();
      await world.look(1);
      expect(world.asked).to.deep.equal([{ evict: 'web-0' }]);
      await world.look(2);
      world.pods.delete('web-0');
      await world.look(3);
      expect(world.told?.reason).to.equal('Evicting');
      world.born('web-9', { seconds: 4, resources: more });
      world.losesReadiness('web-9');
      await world.look(5);
      expect(world.asked).to.have.length(1);
      world.born('web-9', { seconds: 4, resources: more });
      await world.look(6);
      expect(world.asked.slice(1)).to.deep.equal([{ evict: 'web-1' }]);
      expect(world.gateAsked).to.equal(2);
    });

    it('B-APP-7 a pod that failed and lies around is not waited for', async () => {
      const world = evicting();
      world.born('web-failed', { seconds: -7200 });
      world.fails('web-failed');
      await world.look(1);
      expect(world.asked).to.deep.equal([{ evict: 'web-0' }]);
      expect(world.told).to.include({ reason: 'Evicting', message: '3 of 3 pods to evict' });
    });

    it('B-APP-7 a budget that allows nothing is named, and asked again after a growing pause', async () => {
      const world = evicting();
      const causes = [{ reason: 'DisruptionBudget', message: 'The disruption budget guard needs 3 healthy pods' }];
      const message = "Cannot evict pod as it would violate the pod's disruption budget.";
      world.refuses = () => ({ code: 429, status: { reason: 'TooManyRequests', message, details: { causes } } });
      const waits: (number | undefined)[] = [await world.look(1)];
      expect(world.told).to.include({ applied: false, reason: 'BlockedByPDB' });
      expect(world.told?.message).to.contain('The disruption budget guard needs 3 healthy pods');
      await world.look(2);
      expect(world.asked).to.have.length(1);
      waits.push(await world.look(31), await world.look(91), await world.look(10_000));
      expect(waits).to.deep.equal([30_000, 60_000, 120_000, 240_000]);
      expect(world.events.map(({ reason }) => reason)).to.deep.equal(['BlockedByPDB']);
      expect(world.events[0]?.message).to.contain('web-0').and.to.contain('PodDisruptionBudgets');
      world.refuses = () => undefined;
      await world.look(10_300);
      expect(world.told?.reason).to.equal('Evicting');
    });

    it('B-APP-10 only where the gate lets them', async () => {
      const world = evicting();
      world.gate = { reason: 'WebhookNotSeen', message: 'the webhook was not seen to mutate', retryAfterMs: 7000 };
      expect(await world.look(1)).to.equal(7000);
      expect(world.asked).to.deep.equal([]);
      expect(world.told).to.include({ applied: false, reason: 'WebhookNotSeen' });
    });

    it('B-APP-10 an eviction that a budget or anybody else refuses, or of a pod that is gone, is given back', async () => {
      for (const [code, reason, message, times] of [
        [429, 'TooManyRequests', 'Cannot evict pod', 1],
        [403, 'Forbidden', 'frozen', 1],
        [404, 'NotFound', 'pods "web-0" not found', 1],
        [409, 'Conflict', 'the UID in the precondition does not match', 1],
        [500, 'InternalError', 'This pod has more than one PodDisruptionBudget', 1],
        [500, 'InternalError', WEBHOOK_DOWN, 1],
        [500, 'InternalError', 'etcd', 0],
      ] as const) {
        const world = evicting();
        world.refuses = () => ({ code, status: { reason, message } });
        await world.look(1).catch(() => undefined);
        expect([world.gateAsked, world.gateGivenBack], message).to.deep.equal([1, times]);
      }
      const world = evicting();
      await world.look(1);
      expect([world.gateAsked, world.gateGivenBack]).to.deep.equal([1, 0]);
    });

    it('B-APP-10 what fails is asked for again after a growing pause, and told: nobody else has to wait for it', async () => {
      const world = evicting();
      world.refuses = () => ({ code: 500, status: { reason: 'InternalError', message: WEBHOOK_DOWN } });
      const failed = async (seconds: number) => (await rejection(world.look(seconds)))?.message;
      expect(await failed(1)).to.contain(WEBHOOK_DOWN);
      expect(await world.look(2)).to.equal(29_000);
      expect(world.told).to.include({ applied: false, reason: 'RequestFailed' });
      expect(world.told?.message).to.contain('web-0 could not be evicted').and.to.contain(WEBHOOK_DOWN);
      expect(world.gateAsked).to.equal(1);
      expect(await failed(31)).to.contain(WEBHOOK_DOWN);
      expect(await world.look(32)).to.equal(59_000);
      expect(world.events.map(({ reason }) => reason)).to.deep.equal(['RequestFailed']);
      expect(world.events[0]?.message).to.contain('look at kube-apiserver, and at the webhooks it asks');
      world.refuses = () => undefined;
      await world.look(91);
      expect(world.told?.reason).to.equal('Evicting');
    });

    it('B-APP-7 a pod that the webhook missed is not evicted for another such, whatever process looks', async () => {
      const world = evicting(1);
      await world.look(1);
      world.pods.clear();
      world.born('web-1', { seconds: 30 });
      await world.look(31);
      world.memories = new Memories();
      await world.look(32);
      expect(world.asked).to.deep.equal([{ evict: 'web-0' }]);
      expect(world.told?.reason).to.equal('AdmittedUnchanged');
    });

    it('B-APP-7 a pod that was born just before the first recommendation is one of the old', async () => {
      const world = evicting(1);
      world.pods.clear();
      world.born('web-1', { seconds: 20 });
      await world.lookBefore();
      // Usage is looked at up to an instant that may be a minute ago when it is written.
      await world.look(30);
      expect(world.asked).to.deep.equal([{ evict: 'web-1' }]);
    });
  });

  describe('are restarted where it is to be immediate', () => {
    const restarting = () =>
      new PodsWorld({ template: has, wanted: more, container, replicas: 2, strategy: NAMES.restart });
    const restarts = (world: PodsWorld) => world.asked.filter((asked) => 'restart' in asked);
    const replaced = (world: PodsWorld, seconds: number, resources: object | undefined) => {
      world.pods.clear();
      for (const name of ['a', 'b'])
        world.born(`web-${name}-${seconds}`, { seconds, ...(resources ? { resources } : {}) });
    };

    it('B-APP-5 once for a recommendation, whoever looks again', async () => {
      const world = restarting();
      await world.look(5);
      expect(world.asked).to.deep.equal([{ restart: new Date(START + 5000).toISOString().replace('.000', '') }]);
      expect(world.told).to.include({ applied: false, reason: 'Restarting' });
      await world.look(6);
      // Another process, in the middle of it.
      world.memories = new Memories();
      await world.look(7);
      replaced(world, 10, more);
      await world.look(20);
      expect(restarts(world)).to.have.length(1);
      expect(world.told?.reason).to.equal(undefined);
      expect(world.told?.at).to.equal(START / 1000 + 10);
      // Another recommendation is another restart.
      world.recommend({ requests: { cpu: '300m', memory: '512Mi' } }, 100);
      await world.look(100);
      expect(restarts(world)).to.have.length(2);
    });

    it('B-APP-5 no restart where nothing changed or all pods have it', async () => {
      const world = restarting();
      replaced(world, -100, more);
      await world.look(1);
      world.memories = new Memories();
      await world.look(2);
      expect(world.asked).to.deep.equal([]);
    });

    it('B-APP-5 no restart where all of it goes in place', async () => {
      const world = new PodsWorld({ template: has, wanted: more, replicas: 2, strategy: NAMES.restart });
      await world.look(1);
      await world.look(2);
      expect(restarts(world)).to.deep.equal([]);
      expect(world.told?.reason).to.equal('ResizedInPlace');
    });

    it('B-APP-5 pods that the webhook missed are not restarted over and over', async () => {
      const world = restarting();
      await world.look(5);
      replaced(world, 20, undefined);
      for (const seconds of [30, 60, 600]) await world.look(seconds);
      world.memories = new Memories();
      await world.look(700);
      expect(restarts(world)).to.have.length(1);
      expect(world.told?.reason).to.equal('AdmittedUnchanged');
    });

    it('B-APP-5 an edit that memory has not seen is no second restart: it is a conflict, looked at anew, and costs nothing', async () => {
      const world = restarting();
      world.version = '2';
      expect(await world.look(1)).to.equal(undefined);
      expect(world.told?.reason).not.to.equal('Restarting');
      expect([world.gateAsked, world.gateGivenBack]).to.deep.equal([1, 1]);
      world.version = '1';
      await world.look(2);
      expect(world.told?.reason).to.equal('Restarting');
      expect([world.gateAsked, world.gateGivenBack]).to.deep.equal([2, 1]);
    });

    it('B-APP-10 a restart that was refused, or whose workload is gone, is given back; what may have been done is not', async () => {
      for (const [code, reason, times] of [
        [403, 'Forbidden', 1],
        [422, 'Invalid', 1],
        [404, 'NotFound', 1],
        [400, 'BadRequest', 1],
        [429, 'TooManyRequests', 1],
        [500, 'InternalError', 0],
        [504, 'Timeout', 0],
        [500, WEBHOOK_DOWN, 1],
      ] as const) {
        const world = restarting();
        world.refuses = () => ({ code, status: { reason, message: reason } });
        await world.look(1).catch(() => undefined);
        expect(world.gateGivenBack, reason).to.equal(times);
      }
    });

    it('B-APP-10 a restart that fails is asked for again after a growing pause, and told', async () => {
      const world = restarting();
      world.refuses = () => ({ code: 500, status: { reason: 'InternalError', message: WEBHOOK_DOWN } });
      expect((await rejection(world.look(1)))?.message).to.contain(WEBHOOK_DOWN);
      expect(await world.look(2)).to.equal(29_000);
      expect(world.told).to.include({ applied: false, reason: 'RequestFailed' });
      expect(world.gateAsked).to.equal(1);
      expect(world.events.map(({ reason }) => reason)).to.deep.equal(['RequestFailed']);
      world.refuses = () => undefined;
      await world.look(31);
      expect(world.told?.reason).to.equal('Restarting');
    });

    it('B-APP-8 a refused restart is told with a suggestion, and tried again in a while', async () => {
      const world = restarting();
      world.refuses = () => ({ code: 403, status: { message: 'deployments.apps "web" is forbidden: frozen' } });
      expect(await world.look(1)).to.equal(300_000);
      expect(world.events.map(({ reason }) => reason)).to.deep.equal(['Forbidden']);
      expect(world.told).to.include({ applied: false, reason: 'Forbidden' });
      world.refuses = () => undefined;
      await world.look(301);
      expect(restarts(world)).to.have.length(2);
      expect(world.told?.reason).to.equal('Restarting');
    });
  });
});
