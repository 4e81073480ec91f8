import { expect } from 'chai';
import { ProviderError } from '../../../operator/metrics/provider.js';
import { DAY, FakeProvider, PODS, readings, REFUSED, START, WEB, WEB_CONTAINER, world } from './usage-world.js';

const isDown = new ProviderError('ProviderUnreachable', 'Prometheus at http://p cannot be reached: refused');

describe('usage collector', () => {
  it('B-MET-3 looks back once, then reads once an interval, whatever the number of policies and workloads', async () => {
    const provider = new FakeProvider(readings(200));
    const { collector, start, minutes, stop } = world(provider, { startMinute: 100 });
    await start();
    await minutes(5);
    const first = START + 100 * 60;
    expect(provider.requests[0]).to.deep.equal({
      from: first - DAY,
      to: first,
      namespaces: ['shop'],
      peaksFrom: first - 14 * DAY,
    });
    expect(provider.requests.slice(1).map(({ from, to }) => [from - first, to - first])).to.deep.equal(
      [0, 1, 2, 3, 4].map((minute) => [minute * 60, (minute + 1) * 60]),
    );
    expect(collector.coveredTo(['shop'])).to.equal(first + 300);
    const usage = collector.usageOf(WEB_CONTAINER, DAY * 1000, first + 300);
    expect(usage.cpu).to.include({ samples: 210, instants: 105, to: first + 300 });
    expect(usage.memoryPeak?.bytes).to.equal(usage.memory?.max);
    await stop();
  });

  it('B-MET-3 a namespace and a longer window that come later are read at once, and only they', async () => {
    const provider = new FakeProvider(readings(100));
    const { collector, demand, start, stop } = world(provider, { startMinute: 100 });
    await start();
    demand.set('shop', 2 * DAY * 1000);
    demand.set('other', DAY * 1000);
    expect(collector.coveredTo(['shop', 'other'])).to.equal(undefined);
    await collector.whenCovered(['shop', 'other'], 2 * DAY * 1000);
    const now = START + 6000;
    expect(provider.requests.slice(1)).to.deep.equal([
      { from: now - DAY, to: now, namespaces: ['other'], peaksFrom: now - 14 * DAY },
      { from: now - 2 * DAY, to: now - DAY, namespaces: ['shop'] },
    ]);
    expect(collector.coveredTo(['shop', 'other'])).to.equal(now);
    await stop();
  });

  describe('a window that is shortened', () => {
    /** An hour between two samples, for a week: busy until a day ago. */
    const week = Array.from({ length: 7 * 24 }, (_, hour) => ({
      at: START - 7 * DAY + hour * 3600 + 60,
      pod: PODS[0],
      cpu: hour < 6 * 24 ? 2 : 0.1,
    }));
    const shortened = async (hours: number) => {
      const provider = new FakeProvider([...week, ...readings(60 * 60)]);
      const one = world(provider);
      one.demand.set('shop', 7 * DAY * 1000);
      await one.start();
      one.demand.set('shop', DAY * 1000);
      await one.minutes(hours * 60);
      one.demand.set('shop', 7 * DAY * 1000);
      await one.collector.whenCovered(['shop'], 7 * DAY * 1000);
      const at = one.collector.coveredTo(['shop']) ?? 0;
      const usage = one.collector.usageOf(WEB_CONTAINER, 7 * DAY * 1000, at).cpu;
      await one.stop();
      return { usage, at, looksBack: provider.requests.filter(({ from, to }) => to - from > 3600) };
    };

    it('B-MET-2 and made long again much later has its whole past again', async () => {
      const { usage, at, looksBack } = await shortened(26);
      expect(usage?.max).to.be.closeTo(2, 0.02);
      expect(at - (usage?.from ?? at)).to.be.within(6.9 * DAY, 7 * DAY);
      expect(looksBack).to.have.length(2);
    });

    it('B-MET-3 and made long again within a day is not read again', async () => {
      const { usage, looksBack } = await shortened(20);
      expect(usage?.max).to.be.closeTo(2, 0.02);
      expect(looksBack).to.have.length(1);
    });
  });

  it('B-MET-8 a policy that is away for some hours finds the readings of a provider without a past', async () => {
    const { collector, demand, start, minutes, stop } = world(new FakeProvider(readings(1200), false));
    await start();
    await minutes(600);
    // The other one's window is short.
    demand.set('other', 300_000);
    demand.delete('shop');
    await minutes(180);
    demand.set('shop', DAY * 1000);
    await minutes(60);
    const usage = collector.usageOf(WEB_CONTAINER, DAY * 1000, START + 840 * 60).cpu;
    expect(usage?.from).to.be.at.most(START + 900);
    await stop();
  });

  it('a policy pass waits until its namespaces are read, or cannot be, and not for ever', async () => {
    const provider = new FakeProvider(readings(10));
    const { collector, start, stop, settle } = world(provider, { startMinute: 10 });
    let goOn: () => void = () => undefined;
    provider.before = () => new Promise<void>((resolve) => (goOn = resolve));
    const order: string[] = [];
    const waits = collector.whenCovered(['shop'], DAY * 1000).then(() => order.push('covered'));
    const nobodys = collector.whenCovered(['no policy is about this one'], DAY * 1000).then(() => order.push('told'));
    await start();
    goOn();
    await waits;
    await settle();
    goOn();
    await nobodys;
    expect(order).to.deep.equal(['covered', 'told']);
    await stop();
  });

  it('a policy that comes while others are read waits for its own namespaces', async () => {
    const provider = new FakeProvider(readings(10));
    const { collector, demand, start, stop, settle } = world(provider, { startMinute: 10 });
    const held: (() => void)[] = [];
    provider.before = () => new Promise<void>((resolve) => held.push(resolve));
    await start();
    demand.set('other', DAY * 1000);
    const waits = collector.whenCovered(['other'], DAY * 1000).then(() => collector.coveredTo(['other']));
    held.shift()?.();
    await settle();
    held.shift()?.();
    expect(await waits).to.equal(START + 600);
    await stop();
  });

  it('usage of pods whose workload is not there is kept for one that comes', async () => {
    const provider = new FakeProvider(readings(10));
    const { collector, history, workloads, start, stop } = world(provider, { startMinute: 10 });
    workloads.pop();
    await start();
    const usage = () => collector.usageOf(WEB_CONTAINER, DAY * 1000, START + 600).cpu;
    expect(usage()).to.equal(undefined);
    workloads.push(WEB);
    history.settle('shop');
    expect(usage()).to.include({ samples: 20, instants: 10, to: START + 600 });
    await stop();
  });

  it('B-MET-2 usage of pods whose workload is made while their past is read goes to it', async () => {
    const provider = new FakeProvider(readings(60));
    const { collector, history, workloads, start, stop, settle } = world(provider, { startMinute: 60 });
    workloads.pop();
    let goOn: () => void = () => undefined;
    provider.before = (sink) => {
      sink.samples(
        { namespace: 'shop', pod: PODS[0], container: 'app', metric: 'cpu' },
        { instants: [START + 60], values: [0.1] },
      );
      return new Promise<void>((resolve) => (goOn = resolve));
    };
    await start();
    workloads.push(WEB);
    history.settle('shop');
    goOn();
    await settle();
    expect(collector.usageOf(WEB_CONTAINER, DAY * 1000, START + 3600).cpu).to.include({ samples: 120 });
    await stop();
  });

  it('B-MET-10 a provider that is down costs nothing that is known, is tried again, and recovers by itself', async () => {
    const provider = new FakeProvider(readings(300));
    const { collector, start, minutes, stop } = world(provider, { startMinute: 60 });
    await start();
    provider.broken = isDown;
    await minutes(30);
    expect(collector.failureOf(['shop'], DAY * 1000)).to.equal(isDown);
    await collector.whenCovered(['shop'], DAY * 1000);
    const before = collector.usageOf(WEB_CONTAINER, DAY * 1000, START + 3600);
    expect(before.cpu).to.include({ samples: 120, to: START + 3600 });
    expect(collector.coveredTo(['shop'])).to.equal(START + 3600);
    // Soon at first, then about as often as there is something new.
    expect(provider.requests.length).to.be.within(20, 70);
    provider.broken = undefined;
    await minutes(3);
    expect(collector.failureOf(['shop'], DAY * 1000)).to.equal(undefined);
    const now = START + 93 * 60;
    expect(collector.usageOf(WEB_CONTAINER, DAY * 1000, now).cpu).to.include({ samples: 186, to: now });
    await stop();
  });

  it('B-MET-3 a provider that hangs, or throws what it should not, keeps no other from being read', async () => {
    const [hanging, wild, good] = [new FakeProvider([]), new FakeProvider([]), new FakeProvider(readings(10))];
    hanging.before = () => new Promise<void>(() => undefined);
    wild.broken = new TypeError('undefined is not a function');
    const worlds = [hanging, wild, good].map((provider) => world(provider, { startMinute: 10 }));
    for (const { start } of worlds) await start();
    const [, wildOne, goodOne] = worlds;
    expect(wildOne?.collector.failureOf(['shop'], DAY * 1000))
      .to.be.instanceOf(ProviderError)
      .and.to.include({ reason: 'ProviderAnswerInvalid' });
    expect(wildOne?.collector.failureOf(['shop'], DAY * 1000)?.message).to.contain('undefined is not a function');
    expect(goodOne?.collector.coveredTo(['shop'])).to.equal(START + 600);
    await wildOne?.stop();
    await goodOne?.stop();
  });

  it('B-MET-3 without news nothing of the past is asked for; who waits is told when a past can be read after all', async () => {
    const provider = new FakeProvider(readings(300));
    const turned: boolean[] = [];
    const onTurn = (hasTurned: boolean) => turned.push(hasTurned);
    const { collector, demand, start, minutes, stop } = world(provider, { startMinute: 60, onTurn });
    const isLong = ({ from, to }: { readonly from: number; readonly to: number }) => to - from > DAY;
    await start();
    demand.set('shop', 40 * DAY * 1000);
    provider.refuses = isLong;
    await minutes(10);
    expect(collector.failureOf(['shop'], 40 * DAY * 1000)).to.equal(REFUSED);
    expect(collector.failureOf(['shop'], DAY * 1000)).to.equal(undefined);
    expect(turned.filter((one) => one)).to.have.length(1);
    const tries = provider.requests.filter(isLong).length;
    expect(tries).to.be.within(5, 20);
    provider.broken = isDown;
    await minutes(10);
    expect(provider.requests.filter(isLong)).to.have.length(tries);
    provider.broken = undefined;
    provider.refuses = () => false;
    turned.length = 0;
    await minutes(3);
    expect(turned).to.include(true);
    expect(collector.failureOf(['shop'], 40 * DAY * 1000)).to.equal(undefined);
    expect(turned.at(-1)).to.equal(false);
    await stop();
  });

  it('B-MET-10 a reading that breaks off half way is read again, and counts once', async () => {
    const provider = new FakeProvider(readings(10));
    const { collector, start, minutes, stop } = world(provider, { startMinute: 10 });
    provider.before = (sink) => {
      sink.samples(
        { namespace: 'shop', pod: PODS[0], container: 'app', metric: 'cpu' },
        { instants: [START + 60], values: [0.1] },
      );
    };
    provider.broken = isDown;
    await start();
    provider.broken = undefined;
    await minutes(2);
    expect(collector.usageOf(WEB_CONTAINER, DAY * 1000, START + 600).cpu).to.include({ samples: 20, instants: 10 });
    await stop();
  });

  it('B-MET-10 samples of the future do not count; a server whose clock is 10 min behind loses nothing', async () => {
    const ahead = new FakeProvider([]);
    ahead.before = (sink) => {
      for (const at of [START + 300, START + 1200, Number.NaN]) {
        sink.samples(
          { namespace: 'shop', pod: PODS[0], container: 'app', metric: 'cpu' },
          { instants: [at], values: [1] },
        );
      }
    };
    const one = world(ahead, { startMinute: 10 });
    await one.start();
    expect(one.collector.usageOf(WEB_CONTAINER, DAY * 1000, START + DAY).cpu).to.include({
      samples: 1,
      to: START + 300,
    });
    await one.stop();

    // At every minute there is what a right clock would have had 10 min before.
    const behind = new FakeProvider([]);
    const two = world(behind, { startMinute: 20 });
    await two.start();
    for (let minute = 1; minute <= 30; minute += 1) {
      behind.readings = readings(100).filter(({ at }) => at > START + 1200 && at <= START + (10 + minute) * 60);
      await two.minutes(1);
    }
    const usage = two.collector.usageOf(WEB_CONTAINER, DAY * 1000, START + 50 * 60);
    expect(usage.cpu).to.include({ instants: 20, to: START + 40 * 60 });
    await two.stop();
  });

  it('B-MET-10 a server that had nothing for hours and then has all of it loses none of it, and is asked for little till then', async () => {
    const all = readings(400);
    const provider = new FakeProvider(all.filter(({ at }) => at <= START + 65 * 60));
    const { collector, start, minutes, stop } = world(provider, { startMinute: 60 });
    await start();
    await minutes(300);
    const spans = provider.requests.slice(1).map(({ from, to }) => to - from);
    expect(Math.max(...spans)).to.equal(3660);
    expect(collector.coveredTo(['shop'])).to.equal(START + 360 * 60);
    provider.readings = all;
    const before = provider.requests.length;
    await minutes(2);
    const now = START + 362 * 60;
    expect(collector.usageOf(WEB_CONTAINER, DAY * 1000, now).cpu).to.include({ instants: 362, samples: 724, to: now });
    expect(provider.requests.slice(before).map(({ from, to }) => to - from)).to.deep.equal([3660, 296 * 60, 60]);
    await stop();
  });

  it('a clock that leaps ages nothing: what is known is not thrown away', async () => {
    const provider = new FakeProvider(readings(100));
    const { collector, wall, start, minutes, stop } = world(provider, { startMinute: 90 });
    await start();
    wall.offsetMs += 400 * DAY * 1000;
    await minutes(5);
    wall.offsetMs -= 400 * DAY * 1000;
    await minutes(5);
    const now = START + 100 * 60;
    expect(collector.coveredTo(['shop'])).to.equal(now);
    expect(collector.usageOf(WEB_CONTAINER, DAY * 1000, now).cpu).to.include({ instants: 100, to: now });
    await stop();
  });

  it('B-MET-10 a sample of a future that never came keeps no later one of a provider without a past from being read', async () => {
    const provider = new FakeProvider(readings(200), false);
    const { collector, wall, start, minutes, stop } = world(provider);
    await start();
    await minutes(60);
    provider.before = (sink) => {
      const at = START + 61 * 60 + 400 * DAY;
      sink.samples(
        { namespace: 'shop', pod: PODS[0], container: 'app', metric: 'cpu' },
        { instants: [at], values: [0.1] },
      );
    };
    wall.offsetMs += 400 * DAY * 1000;
    await minutes(1);
    provider.before = () => undefined;
    wall.offsetMs -= 400 * DAY * 1000;
    await minutes(60);
    const now = START + 121 * 60;
    expect(collector.coveredTo(['shop'])).to.equal(now);
    expect(collector.usageOf(WEB_CONTAINER, 1800 * 1000, now).cpu).to.include({ instants: 30, to: now });
    await stop();
  });

  describe('a clock that leaps ahead, with samples of the future from a provider without a past', () => {
    /** An hour of readings, then some minutes 400 days ahead with a sample each, then an hour as before. */
    const leapt = async (minutes: number) => {
      const provider = new FakeProvider(readings(500), false);
      const one = world(provider);
      await one.start();
      await one.minutes(60);
      one.wall.offsetMs += 400 * DAY * 1000;
      provider.before = (sink) => {
        const { to } = provider.requests.at(-1) ?? { to: 0 };
        sink.samples(
          { namespace: 'shop', pod: PODS[0], container: 'app', metric: 'cpu' },
          { instants: [to], values: [0.1] },
        );
      };
      await one.minutes(minutes);
      const then = one.collector.coveredTo(['shop']);
      provider.before = () => undefined;
      one.wall.offsetMs -= 400 * DAY * 1000;
      await one.minutes(60);
      await one.stop();
      const before = one.collector.usageOf(WEB_CONTAINER, 3600 * 1000, START + 3600).cpu;
      const after = one.collector.usageOf(WEB_CONTAINER, 1800 * 1000, START + (120 + minutes) * 60).cpu;
      return { then, before, after };
    };

    it('B-MET-8 for less than an hour has nothing forgotten', async () => {
      const { then, before, after } = await leapt(45);
      expect(then).to.equal(START + 105 * 60 + 400 * DAY);
      expect(before).to.include({ to: START + 3600 });
      expect(before?.samples).to.be.within(105, 120);
      expect(after).to.include({ instants: 30 });
    });

    it('for longer is believed: time that a machine slept through has passed', async () => {
      const { before } = await leapt(75);
      expect(before).to.equal(undefined);
    });
  });

  it('ends when it is told to, in the middle of a reading too', async () => {
    const provider = new FakeProvider([]);
    const { collector, start, stop, settle } = world(provider);
    let goOn: () => void = () => undefined;
    provider.before = () => new Promise<void>((resolve) => (goOn = resolve));
    await start();
    const stopped = stop();
    goOn();
    await settle();
    await stopped;
    expect(collector.failureOf(['shop'], DAY * 1000)).to.equal(undefined);
    expect(provider.requests).to.have.length(1);
  });
});
