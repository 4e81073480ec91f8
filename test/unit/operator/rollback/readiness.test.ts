import { expect } from 'chai';
import { followHealth, followRollouts } from '../../../../operator/applying/rollback/follow-health.js';
import { createController, type Controller, type InformerEvent } from '../../../../operator/runtime/index.js';
import type { SeenPod } from '../../../../operator/usage/pods.js';
import type { Workload } from '../../../../operator/workloads/workload.js';
import { fakeClock } from '../../runtime/fake-clock.js';
import { MINUTE, Shop } from './shop.js';

/** How often the policy is evaluated where nothing happens: seldom. */
const INTERVAL = 24 * 60 * MINUTE;

/** The Deployment shop/web under a policy that is evaluated by a controller, on a clock of the test. */
class WatchedShop {
  readonly shop = new Shop();
  readonly #clock = fakeClock();
  readonly #controller: Controller;
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;
  readonly #onPod: ((event: InformerEvent<SeenPod>) => unknown)[] = [];
  readonly #onWorkload: ((event: InformerEvent<Workload>) => unknown)[] = [];

  constructor() {
    this.#controller = createController({
      name: 'policies',
      clock: this.#clock,
      reconcile: () => {
        this.shop.pass('200m');
        for (const ms of this.shop.looksAgain.splice(0)) this.#controller.enqueueAfter('policy', ms);
        return Promise.resolve({ requeueAfterMs: INTERVAL * 1000 });
      },
    });
    const evaluate = (_: unknown, afterMs = 0) => this.#controller.enqueueAfter('policy', afterMs);
    const informer = <T>(handlers: ((event: InformerEvent<T>) => unknown)[]) => ({
      onEvent: (handler: (event: InformerEvent<T>) => unknown) => (handlers.push(handler), () => undefined),
    });
    followHealth(informer(this.#onPod), { evaluate, now: () => this.shop.now * 1000 });
    followRollouts(informer(this.#onWorkload), evaluate);
    this.#ended = this.#controller.run(this.#stop.signal);
  }

  /** Something happens to the pod, or to the Deployment, that the caches tell. */
  async happens(what: (shop: Shop) => void): Promise<void> {
    const { pod, workload } = this.shop;
    what(this.shop);
    for (const handler of this.#onPod) handler({ type: 'updated', previous: pod, object: this.shop.pod });
    for (const handler of this.#onWorkload)
      handler({ type: 'updated', previous: workload, object: this.shop.workload });
    await this.pass(0);
  }

  /** The policy is due in so many seconds. */
  isDueIn(seconds: number): void {
    this.#controller.enqueueAfter('policy', seconds * 1000);
  }

  /** Time goes by, in seconds. */
  async pass(seconds: number): Promise<void> {
    for (let left = seconds; left >= 0; left -= 1) {
      this.#clock.advance(left > 0 ? 1000 : 0);
      if (left > 0) this.shop.now += 1;
      await turnOfLoop();
    }
  }

  async end(): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

const turnOfLoop = () => new Promise((resolve) => setImmediate(resolve));

describe('readiness that is lost after a change', () => {
  let world: WatchedShop;

  beforeEach(async () => {
    world = new WatchedShop();
    world.shop.pass('200m');
    await world.happens((shop) => shop.replacePod());
    await world.pass(MINUTE);
  });
  afterEach(() => world.end());

  it('B-APP-11 for a moment is no reason to go back', async () => {
    await world.happens((shop) => shop.losesReadiness());
    await world.pass(4 * MINUTE);
    await world.happens((shop) => shop.isReadyAgain());
    await world.pass(10 * MINUTE);
    expect(world.shop.events).to.deep.equal([]);
    expect(world.shop.said).to.equal('200m');
  });

  it('B-APP-11 for five minutes is one: the workload is looked at then, and not when its policy is due', async () => {
    await world.happens((shop) => shop.losesReadiness());
    await world.pass(4 * MINUTE);
    expect(world.shop.said).to.equal('200m');
    await world.pass(MINUTE + 5);
    expect(world.shop.events).to.have.length(1);
    expect(world.shop.events[0]).to.contain('is not ready');
    expect(world.shop.said).to.equal(undefined);
  });

  it('B-APP-11 a pass in between, which is too early, puts nothing off', async () => {
    world.isDueIn(2 * MINUTE);
    await world.happens((shop) => shop.losesReadiness());
    await world.pass(5 * MINUTE + 5);
    expect(world.shop.events).to.have.length(1);
  });

  it('B-APP-11 each loss counts from its own beginning', async () => {
    await world.happens((shop) => shop.losesReadiness());
    await world.pass(4 * MINUTE);
    await world.happens((shop) => shop.isReadyAgain());
    await world.happens((shop) => shop.losesReadiness());
    await world.pass(4 * MINUTE);
    expect(world.shop.events).to.deep.equal([]);
    await world.pass(MINUTE + 5);
    expect(world.shop.events).to.have.length(1);
  });

  it('B-APP-11 a rollout that fails is looked at when it does', async () => {
    await world.happens((shop) => shop.losesReadiness());
    await world.happens((shop) => shop.rolloutFails());
    await world.pass(5);
    expect(world.shop.events[0]).to.contain('its rollout made no progress in time');
  });
});
