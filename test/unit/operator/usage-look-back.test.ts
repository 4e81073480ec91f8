import { expect } from 'chai';
import { ProviderError } from '../../../operator/metrics/provider.js';
import { countCollections } from '../../support/collections.js';
import { DAY, FakeProvider, PODS, readings, START, WEB_CONTAINER, world } from './usage-world.js';

const WINDOW_MS = 20 * DAY * 1000;
const brokeOff = new ProviderError('ProviderAnswerInvalid', 'its answer broke off');

/** A sample every ten minutes for 20 days, idle but for the afternoons. */
const past = Array.from({ length: 20 * 144 }, (_, i) => {
  const at = START - 20 * DAY + (i + 1) * 600;
  const hour = Math.floor((at % DAY) / 3600);
  return { at, pod: PODS[0], cpu: hour >= 12 && hour < 18 ? 2 : 0.1 };
});

describe('a look into the past', () => {
  /**
   * A window of a day becomes one of 20 days, whose past breaks off again and again.
   * @param minutes how long
   * @param days after how many of them it breaks off
   */
  async function afterBreaks(minutes: number, days: number) {
    const provider = new FakeProvider([...past, ...readings(200, [PODS[0]])]);
    const one = world(provider, { startMinute: 5 });
    // As the informer of pods does for those that are there.
    one.history.owners.seen('shop', PODS[0], { kind: 'ReplicaSet', name: 'web-7d4b9c6f5d' });
    await one.start();
    let isBreaking = minutes > 0;
    provider.before = (sink) => {
      const { from = 0, to = 0 } = provider.requests.at(-1) ?? {};
      if (!isBreaking || to - from < DAY) return;
      const half = past.filter(({ at }) => at > from && at <= from + days * DAY);
      const samples = { instants: half.map(({ at }) => at), values: half.map(({ cpu }) => cpu) };
      sink.samples({ namespace: 'shop', pod: PODS[0], container: 'app', metric: 'cpu' }, samples);
      throw brokeOff;
    };
    one.demand.set('shop', WINDOW_MS);
    await one.minutes(minutes);
    const failure = one.collector.failureOf(['shop'], WINDOW_MS);
    isBreaking = false;
    // Until what is old is merged.
    await one.minutes(190 - minutes);
    const isCovered = one.collector.isCovered(['shop'], WINDOW_MS);
    // A day less: how far the oldest chunk reaches beyond the window depends on when it was read.
    const { cpu } = one.collector.usageOf(WEB_CONTAINER, 19 * DAY * 1000, one.collector.coveredTo(['shop']) ?? 0);
    await one.stop();
    const told = cpu && { samples: cpu.samples, instants: cpu.instants, from: cpu.from, p80: cpu.percentile(0.8) };
    return { failure, isCovered, told };
  }

  it('has what it left behind collected once it is over; what is new each minute leaves little', async () => {
    const collections = countCollections();
    try {
      const { start, minutes, demand, stop } = world(new FakeProvider(readings(200)), { startMinute: 100 });
      await start();
      expect(collections.asked).to.equal(1);
      await minutes(5);
      expect(collections.asked).to.equal(1);
      demand.set('other', DAY * 1000);
      await minutes(5);
      expect(collections.asked).to.equal(2);
      await stop();
    } finally {
      collections.end();
    }
  });

  it('B-MET-10 that breaks off again and again costs none of its samples once it is read', async () => {
    const whole = await afterBreaks(0, 0);
    expect(whole).to.include({ failure: undefined, isCovered: true });
    for (const days of [3.6, 10.5]) {
      const broken = await afterBreaks(130, days);
      expect(broken.failure).to.equal(brokeOff);
      expect(broken.isCovered).to.equal(true);
      expect(broken.told, `after ${days} days`).to.deep.equal(whole.told);
    }
  });

  it('B-MET-10 that is not there to its end says nothing yet', async () => {
    const provider = new FakeProvider(past);
    const { collector, history, start, stop } = world(provider);
    history.owners.seen('shop', PODS[0], { kind: 'ReplicaSet', name: 'web-7d4b9c6f5d' });
    provider.before = (sink) => {
      sink.samples(
        { namespace: 'shop', pod: PODS[0], container: 'app', metric: 'cpu' },
        { instants: [START - 600], values: [2] },
      );
      throw brokeOff;
    };
    await start();
    expect(collector.usageOf(WEB_CONTAINER, DAY * 1000, START)).to.deep.equal({});
    await stop();
  });

  it('B-MET-3 that takes an hour and a half keeps nobody from news, nor from a shorter past that is asked for meanwhile', async () => {
    const provider = new FakeProvider(readings(400));
    const { clock, collector, demand, start, minutes, stop } = world(provider, { startMinute: 60 });
    await start();
    // A minute a day.
    provider.before = () => {
      const { from, to } = provider.requests.at(-1) ?? { from: 0, to: 0 };
      if (to - from < 3600) return;
      return new Promise<void>((resolve) => void clock.after(((to - from) / DAY) * 60_000, resolve));
    };
    demand.set('reports', 90 * DAY * 1000);
    const waits = collector.whenCovered(['reports'], 90 * DAY * 1000);
    let isOver = false;
    void waits.then(() => (isOver = true));
    let oldest = 0;
    for (let minute = 62; minute <= 200; minute += 1) {
      await minutes(1);
      if (minute === 100) demand.set('bank', DAY * 1000);
      // The first slice is of two weeks, before anything is known of how long it takes.
      if (minute > 85) oldest = Math.max(oldest, START + minute * 60 - (collector.coveredTo(['shop']) ?? 0));
      if (minute === 110) {
        expect(collector.isCovered(['bank'], DAY * 1000)).to.equal(true);
        expect(isOver).to.equal(false);
      }
    }
    expect(oldest).to.be.at.most(300);
    await waits;
    expect(collector.isCovered(['reports'], 90 * DAY * 1000)).to.equal(true);
    await stop();
  });
});
