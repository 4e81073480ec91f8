import { expect } from 'chai';
import fc from 'fast-check';
import type { ContainerUsage, NamedWorkload, Usage } from 'optipod/lib/usage';
import { encodeUsageRecord, UsageRecordError } from 'optipod/lib/usage';
import { UsageHistory } from '../../../operator/usage/history.js';
import type { KeptUsage } from '../../../operator/usage/keeping.js';
import { tries } from '../../support/tries.js';
import { DAY, FakeProvider, PODS, type Reading, readings, START, WEB, WEB_CONTAINER, world } from './usage-world.js';

const KILL = {
  namespace: 'shop',
  pod: PODS[0],
  container: 'app',
  kill: { id: 'u/app/1', pod: PODS[0], at: START + 700, bytes: 2 ** 28 },
};

function told({ cpu, memory, ...rest }: ContainerUsage) {
  const all = (usage: Usage | undefined) =>
    usage && {
      samples: usage.samples,
      instants: usage.instants,
      from: usage.from,
      to: usage.to,
      max: usage.max,
      ranks: [0, 0.5, 0.9, 0.99, 1].map((p) => usage.percentile(p)),
      pods: usage.podsAbove(0.5, 0),
    };
  return { cpu: all(cpu), memory: all(memory), ...rest };
}

/** What a journal keeps: every segment, and the intervals that no segment covers. */
function journal(kept: readonly KeptUsage[]): KeptUsage[] {
  const sealed = Math.max(0, ...kept.filter(({ kind }) => kind === 'segment').map(({ to }) => to));
  return [
    ...kept.filter(({ kind }) => kind === 'segment'),
    ...kept.filter(({ kind, to }) => kind === 'interval' && to > sealed),
  ];
}

/** Runs through readings, dying after each of these minutes. */
async function run(list: readonly Reading[], until: number, deaths: readonly number[]) {
  const kept: KeptUsage[] = [];
  let startMinute = 0;
  for (const end of [...deaths, until]) {
    const provider = new FakeProvider(list, false);
    const now = world(provider, { startMinute, keep: (usage) => kept.push(usage) });
    for (const usage of journal(kept)) now.collector.restore(usage);
    await now.start();
    now.history.addOomKill(KILL);
    await now.minutes(end - startMinute);
    startMinute = end;
    // The last one tells; the others are dropped as they are.
    await now.stop();
    if (end === until) return { usage: told(now.history.usageOf(WEB_CONTAINER, DAY, START + until * 60)), kept };
  }
  throw new Error('never reached');
}

describe('usage of all workloads', () => {
  const history = (workloads = [WEB]) => new UsageHistory({ workloads: () => workloads, peakWindow: 14 * DAY });
  const read = (into: UsageHistory, list: readonly Reading[], to = START + DAY) => {
    const reading = into.begin(to);
    for (const { at, pod, cpu = 0 } of list)
      reading.samples({ namespace: 'shop', pod, container: 'app', metric: 'cpu' }, { instants: [at], values: [cpu] });
    return reading;
  };
  const samples = (of: UsageHistory) => of.usageOf(WEB_CONTAINER, DAY, START + DAY).cpu?.samples;

  it('B-MET-2 every pod the workload had contributes, and nobody else, also where owners are told last', async () => {
    const one = history();
    const job = 'web-7d4b9c6f5d-jqbzz';
    const odd = 'named-by-hand';
    const reading = read(one, readings(10, [...PODS, job, odd, 'stranger-0']));
    reading.owner('shop', job, { kind: 'Job', name: 'web' });
    reading.owner('shop', odd, { kind: 'Deployment', name: 'web' });
    await reading.end();
    expect(samples(one)).to.equal(30);
    expect(one.size).to.equal(1);
    // Known from now on.
    const later = one.begin(START);
    later.samples({ namespace: 'shop', pod: job, container: 'app', metric: 'cpu' }, { instants: [START], values: [1] });
    expect(later.newest).to.equal(undefined);
  });

  it('B-MET-3 a look back in parts, memory ahead of CPU, has what was read at one go', async () => {
    const minutes = 1200;
    const to = START + minutes * 60;
    const list = readings(minutes);
    const part = (metric: 'cpu' | 'memory', [after, until]: readonly [number, number]) => {
      return (reading: ReturnType<UsageHistory['begin']>) => {
        for (const pod of PODS) {
          const own = list.filter((one) => one.pod === pod && one.at > after && one.at <= until);
          const samples = { instants: own.map(({ at }) => at), values: own.map(({ [metric]: value = 0 }) => value) };
          reading.samples({ namespace: 'shop', pod, container: 'app', metric }, samples);
        }
      };
    };
    const whole = history();
    const atOnce = whole.begin(to);
    for (const metric of ['cpu', 'memory'] as const) part(metric, [START, to])(atOnce);
    await atOnce.end();
    whole.advance(to, DAY);
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: minutes - 1 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(cuts, async (minutesOfCuts) => {
        const ends = [0, ...minutesOfCuts.sort((a, b) => a - b), minutes].map((minute) => START + minute * 60);
        const spans = ends.slice(1).map((end, index): [number, number] => [ends[index] ?? START, end]);
        const inParts = history();
        const reading = inParts.begin(to, { isLookBack: true });
        for (const [index, span] of spans.entries()) {
          part('memory', span)(reading);
          const before = spans[index - 1];
          if (before) part('cpu', before)(reading);
        }
        part('cpu', spans.at(-1) ?? [START, to])(reading);
        await reading.end();
        inParts.advance(to, DAY);
        expect(told(inParts.usageOf(WEB_CONTAINER, DAY, to))).to.deep.equal(
          told(whole.usageOf(WEB_CONTAINER, DAY, to)),
        );
      }),
      { numRuns: 30 },
    );
  }).timeout(10_000);

  it('B-MET-2 rollouts do not reset history', async () => {
    const one = history();
    await read(one, readings(10, ['web-7d4b9c6f5d-x2k9z'])).end();
    await read(one, readings(10, ['web-6c8d5f7b9c-x2k9z'])).end();
    expect(samples(one)).to.equal(20);
  });

  it('what of a workload that is gone is older than the longest window is dropped, one that is only idle keeps its peak', async () => {
    const workloads = [WEB];
    const one = history(workloads);
    const reading = one.begin(START + DAY);
    reading.samples(
      { namespace: 'shop', pod: PODS[0], container: 'app', metric: 'memory' },
      { instants: [START], values: [1e6] },
    );
    await reading.end();
    one.advance(START + 3 * DAY, DAY);
    expect(one.usageOf(WEB_CONTAINER, DAY, START + 3 * DAY)).to.deep.equal({ memoryPeak: { bytes: 1e6, at: START } });
    workloads.pop();
    one.advance(START + 3 * DAY + 60, DAY);
    expect(one.size).to.equal(0);
  });

  it('B-REC-5 a peak is remembered as long as a window that is longer than the peaks are', () => {
    const one = history();
    one.historyOf(WEB_CONTAINER).addPeak(START, 1e6);
    const now = START + 20 * DAY;
    one.advance(now, 30 * DAY);
    expect(one.usageOf(WEB_CONTAINER, 30 * DAY, now).memoryPeak).to.deep.equal({ bytes: 1e6, at: START });
    expect(one.usageOf(WEB_CONTAINER, DAY, now).memoryPeak).to.equal(undefined);
  });

  it('B-REC-5 an OOM kill is told once, of the container whose pod it was', () => {
    const told: unknown[] = [];
    const onKill = (...kill: unknown[]) => told.push(kill);
    const one = new UsageHistory({ workloads: () => [WEB], peakWindow: 14 * DAY, onKill });
    one.addOomKill(KILL);
    one.addOomKill(KILL);
    one.addOomKill({ ...KILL, pod: 'stranger-0' });
    expect(told).to.deep.equal([[WEB_CONTAINER, KILL.kill]]);
    expect(one.usageOf(WEB_CONTAINER, DAY, START + DAY).oomKill).to.deep.equal({
      pod: PODS[0],
      at: START + 700,
      bytes: 2 ** 28,
    });
  });

  it('B-REC-5 a kill that is told before its workload is waits for it, also where pods come first after a start', () => {
    const told: unknown[] = [];
    const workloads: NamedWorkload[] = [];
    const onKill = (...kill: unknown[]) => told.push(kill);
    const one = new UsageHistory({ workloads: () => workloads, peakWindow: 14 * DAY, onKill });
    one.owners.seen('shop', PODS[0], { kind: 'ReplicaSet', name: 'web-7d4b9c6f5d' });
    one.addOomKill(KILL);
    expect(told).to.deep.equal([]);
    workloads.push(WEB);
    one.settle('shop');
    expect(told).to.deep.equal([[WEB_CONTAINER, KILL.kill]]);
    expect(one.usageOf(WEB_CONTAINER, DAY, START + DAY).oomKill?.bytes).to.equal(KILL.kill.bytes);
  });

  it('B-MET-8 killed at any moments and restored, it says what an uninterrupted run says', async () => {
    const until = 300;
    const list = readings(until);
    const uninterrupted = await run(list, until, []);
    expect(uninterrupted.usage.cpu).to.include({ samples: 600, instants: 300 });
    expect(uninterrupted.kept.filter(({ kind }) => kind === 'segment')).to.have.length(3);
    const deaths = fc
      .uniqueArray(fc.integer({ min: 1, max: until - 1 }), { minLength: 1, maxLength: 4 })
      .map((list) => list.sort((a, b) => a - b));
    await fc.assert(
      fc.asyncProperty(deaths, async (minutes) => {
        expect((await run(list, until, minutes)).usage).to.deep.equal(uninterrupted.usage);
      }),
      tries(5, 1000),
    );
  });

  it('B-MET-8 a broken record is an error, and nothing of it counts', async () => {
    const { kept } = await run(readings(200), 200, []);
    const { collector, history: empty } = world(new FakeProvider([], false));
    for (const { bytes } of kept) {
      expect(() => collector.restore({ bytes: bytes.slice(0, -3) })).to.throw(UsageRecordError);
    }
    const future = encodeUsageRecord({ kind: 'segment', from: 0, to: 3600, containers: [] });
    future[1] = 9;
    expect(() => collector.restore({ bytes: future })).to.throw(UsageRecordError, 'version 9');
    expect(empty.size).to.equal(0);
  });
});
