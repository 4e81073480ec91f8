import { expect } from 'chai';
import pino from 'pino';
import type { RecordedOomKill } from 'optipod/lib/usage';
import type { Cluster } from '../../../operator/cluster.js';
import { createJournal } from '../../../operator/journal/journal.js';
import { createMetrics } from '../../../operator/runtime/index.js';
import { keptKills } from '../../../operator/usage/kept-kills.js';
import { createUsageSources } from '../../../operator/usage/usage.js';
import { configMaps, type Fault } from '../../support/config-maps.js';
import { fakeClock } from '../runtime/fake-clock.js';
import { DAY, FakeProvider, PODS, settle, START, WEB_CONTAINER } from './usage-world.js';

const MEBI = 2 ** 20;
const killAt = (minute: number, megabytes = 512): RecordedOomKill => {
  const at = START + minute * 60;
  return { id: `u/app/${at}`, pod: PODS[0], at, bytes: megabytes * MEBI };
};
const log = pino({ level: 'silent' });
const running = () => ({ log, metrics: createMetrics() });

type World = ReturnType<typeof configMaps>;
const world = () => configMaps('oom-kills');

/** A process that leads; it sees each kill that it is told. */
function leader(maps: World, fault?: Fault) {
  const clock = fakeClock();
  const restored: RecordedOomKill[] = [];
  const journal = createJournal({
    provider: 'oom-kills',
    access: maps.access(fault),
    namespace: 'own',
    creator: 'test',
  });
  const kills = keptKills({
    journal,
    retention: 90 * DAY,
    restore: (kept) => restored.push(...kept.flatMap(({ oomKills }) => oomKills)),
    clock,
    now: () => START * 1000 + clock.now(),
  });
  const stop = new AbortController();
  let run: Promise<void> | undefined;
  return {
    restored,
    see: (kill: RecordedOomKill) => kills.add(WEB_CONTAINER, kill),
    async start() {
      run = kills.run(stop.signal, running());
      await kills.whenRestored(stop.signal);
    },
    async minutes(count: number) {
      for (let i = 0; i < count; i += 1) {
        clock.advance(60_000);
        await settle();
      }
    },
    async stop() {
      stop.abort();
      await run;
    },
  };
}

/** What is written is compressed first, which takes its time. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await settle();
}

const writes = ({ calls }: World) => calls.filter((call) => /^(create|delete)/.test(call));

describe('OOM kills, for the next process', () => {
  it('B-MET-8 one is kept at once, and known again after a crash', async () => {
    const maps = world();
    const one = leader(maps);
    await one.start();
    one.see(killAt(0));
    await until(() => maps.names().length === 1);
    const next = leader(maps);
    await next.start();
    expect(next.restored).to.deep.equal([killAt(0)]);
  });

  it('B-MET-8 what was seen before this process led, and right before it ends, is kept too', async () => {
    const maps = world();
    const one = leader(maps);
    one.see(killAt(0));
    await one.start();
    one.see(killAt(1, 300));
    await one.stop();
    const next = leader(maps);
    await next.start();
    expect(next.restored).to.deep.equal([killAt(0), killAt(1, 300)]);
  });

  it('B-API-8 nothing is written where nothing happened, and of a container that dies again and again one record is left', async () => {
    const maps = world();
    const one = leader(maps);
    await one.start();
    await one.minutes(30);
    expect(writes(maps)).to.deep.equal([]);
    for (let minute = 1; minute <= 60; minute += 1) {
      for (let second = 0; second < 10; second += 1) one.see(killAt(minute + second / 60));
      await one.minutes(1);
    }
    await one.stop();
    expect(maps.names()).to.have.length(1);
    expect(writes(maps).length).to.be.at.most(2 * 62);
    // The same kills, told again, are no news.
    const next = leader(maps);
    next.see(killAt(60 + 9 / 60));
    await next.start();
    await next.minutes(5);
    await next.stop();
    expect(maps.names()).to.have.length(1);
    expect(writes(maps).length).to.be.at.most(2 * 62);
  });

  it('B-MET-8 what could not be written is written later', async () => {
    const maps = world();
    let isDown = true;
    const one = leader(maps, (moment, call) => {
      if (isDown && moment === 'before' && call.startsWith('create')) throw new Error('kube-apiserver is away');
    });
    await one.start();
    one.see(killAt(0));
    await until(() => maps.calls.some((call) => call.startsWith('create')));
    await one.minutes(3);
    expect(maps.names()).to.deep.equal([]);
    isDown = false;
    await one.minutes(1);
    await until(() => maps.names().length === 1);
    await one.stop();
  });

  describe('with a provider that can tell of the past', () => {
    /** An operator's usage, of the Deployment shop/web. */
    function operator(maps: World, fault?: Fault) {
      const provider = new FakeProvider([]);
      const seen: string[] = [];
      const object = { kind: 'Deployment', metadata: { namespace: 'shop', name: 'web' } };
      const cluster = { workloads: () => [object], governor: () => undefined, caches: { workloads: {} } };
      const usage = createUsageSources({
        providers: { custom: provider },
        cluster: cluster as unknown as Cluster,
        peakWindowMs: 14 * DAY * 1000,
        journalAccess: () => maps.access(fault),
        namespace: 'own',
        creator: 'test',
        log,
        onChange: () => undefined,
        onKill: ({ workload }) => seen.push(workload),
        now: () => START * 1000,
      });
      usage.demand.of = () => new Map([['shop', [DAY * 1000]]]);
      const stop = new AbortController();
      return {
        provider,
        seen,
        see: () => {
          for (const history of usage.histories) {
            history.addOomKill({ namespace: 'shop', pod: PODS[0], container: 'app', kill: killAt(0) });
          }
        },
        oomKill: () => usage.collectors.custom?.usageOf(WEB_CONTAINER, DAY * 1000, START + 3600).oomKill,
        async run() {
          const runs = usage.components.map((component) => component.run(stop.signal, running()));
          await settle();
          return async () => {
            stop.abort();
            await Promise.all(runs);
          };
        },
      };
    }

    it('B-REC-5 the floor of a killed container outlasts its pod and the process', async () => {
      const maps = world();
      const one = operator(maps);
      const stopOne = await one.run();
      one.see();
      one.see();
      expect(one.seen).to.deep.equal(['web']);
      await stopOne();
      const next = operator(maps);
      const stopNext = await next.run();
      await until(() => next.provider.requests.length > 0);
      expect(next.oomKill()).to.deep.equal({ pod: PODS[0], at: START, bytes: 512 * MEBI });
      expect(next.seen).to.deep.equal([]);
      await stopNext();
    });

    it('B-REC-5 nobody goes by usage before it is known what was killed', async () => {
      const maps = world();
      const one = operator(maps, () => {
        throw new Error('kube-apiserver is away');
      });
      const stop = await one.run();
      expect(one.provider.requests).to.deep.equal([]);
      await stop();
      expect(one.provider.requests).to.deep.equal([]);
    });
  });
});
