import { expect } from 'chai';
import { createEndpoint } from '../../../operator/metrics/endpoint/endpoint.js';
import { NoAnswerInTime } from '../../../operator/metrics/endpoint/errors.js';
import { queryRange } from '../../../operator/metrics/prometheus/api.js';
import { metricsProviders } from '../../../operator/metrics/providers.js';
import type { MetricsProvider, ReadRequest } from '../../../operator/metrics/reading.js';
import { operatorSettings } from '../../../operator/settings.js';
import { recordingSink, type RecordingSink } from '../../support/recording-sink.js';
import { startPrometheusWith, type Prometheus } from '../../support/prometheus.js';
import { DAY, dayUntil, MIB } from './day.js';

const MINUTES = DAY / 60;

describe('a real Prometheus', function () {
  this.timeout(60_000);
  const to = Math.floor(Date.now() / 60_000) * 60 - 600;
  let prometheus: Prometheus;
  let provider: MetricsProvider;
  let day: RecordingSink;

  async function read(request: ReadRequest): Promise<RecordingSink> {
    const sink = recordingSink();
    await provider.read(request, sink, new AbortController().signal);
    return sink;
  }

  before(async () => {
    prometheus = await startPrometheusWith([dayUntil(to).text]);
    const settings = operatorSettings({ env: { OPTIPOD_PROMETHEUS_URL: prometheus.url }, argv: [] });
    const { prometheus: configured } = metricsProviders(settings, {
      list: () => Promise.reject(new Error('not asked')),
    });
    if (!configured) throw new Error('it is configured');
    provider = configured;
    day = await read({ from: to - DAY, to, peaksFrom: to - DAY });
  });

  after(() => prometheus.stop());

  const of = (metric: string, pod: string) => day.series.get(`${metric} shop/${pod}/app`) ?? [];
  const values = (metric: string, pod: string) => of(metric, pod).map(([, value]) => value);

  it('B-MET-2 has a sample for every minute of a steady container, and CPU as it was', () => {
    const instants = Array.from({ length: MINUTES }, (_, minute) => to - DAY + (minute + 1) * 60);
    for (const metric of ['cpu', 'memory']) expect(of(metric, 'steady').map(([at]) => at)).to.deep.equal(instants);
    for (const value of values('cpu', 'steady')) expect(value).to.be.closeTo(0.2, 1e-9);
  });

  it('B-MET-2 keeps the highest working set between two samples', () => {
    expect(new Set(values('memory', 'steady'))).to.deep.equal(new Set([300 * MIB]));
    expect(day.peaks.get('shop/steady/app')).to.deep.equal([[to, 300 * MIB]]);
  });

  it('B-MET-2 leaves out pause containers and the pod’s own cgroup', () => {
    const names = [...day.series.keys()].filter((name) => name.includes('/steady/'));
    expect(names.sort()).to.deep.equal(['cpu', 'memory', 'throttled'].map((metric) => `${metric} shop/steady/app`));
  });

  it('B-MET-2 a counter that begins anew is no negative usage, and no giant one', () => {
    expect(values('cpu', 'reset')).to.have.length(MINUTES);
    for (const value of values('cpu', 'reset')) expect(value).to.be.within(0.37, 0.400_001);
  });

  it('B-MET-2 what two jobs scrape counts once, the higher one', () => {
    expect(values('memory', 'twice')).to.deep.equal(Array(MINUTES).fill(101 * MIB));
    expect(values('cpu', 'twice')).to.have.length(MINUTES);
    for (const value of values('cpu', 'twice')) expect(value).to.be.closeTo(0.1, 1e-9);
  });

  it('B-MET-6 counts as many instants as there were scrapes', () => {
    for (const metric of ['memory', 'cpu']) {
      const instants = of(metric, 'seldom').map(([at]) => at);
      expect(instants, metric).to.have.length(MINUTES / 2);
      expect(new Set(instants).size).to.equal(instants.length);
    }
    for (const value of values('cpu', 'seldom')) expect(value).to.be.closeTo(0.3, 1e-9);
  });

  it('B-MET-10 a gap is a gap', () => {
    expect(of('memory', 'gap')).to.have.length.within(MINUTES - 121, MINUTES - 119);
    expect(of('cpu', 'gap').length).to.be.within(MINUTES - 122, MINUTES - 119);
  });

  it('B-MET-2 a pod that is gone contributes up to its end and no longer, and its owner is known', () => {
    const end = to - 18.1 * 3600;
    expect(of('memory', 'gone')).not.to.have.length(0);
    for (const metric of ['memory', 'cpu'])
      expect(of(metric, 'gone').at(-1)?.[0], metric).to.be.within(end - 60, end + 60);
    expect(day.owners.get('shop/gone')).to.equal('Deployment/gone');
    expect(day.owners.get('shop/steady')).to.equal('StatefulSet/db');
  });

  it('B-REC-9 tells the share of periods in which a container was throttled', () => {
    expect(values('throttled', 'steady')).to.have.length(DAY / 300);
    for (const value of values('throttled', 'steady')) expect(value).to.be.closeTo(0.25, 1e-9);
  });

  it('B-MET-2 read minute by minute it is what it is in one go', async () => {
    const from = to - 600;
    const bits = recordingSink();
    for (let at = from; at < to; at += 60)
      await provider.read({ from: at, to: at + 60 }, bits, new AbortController().signal);
    const whole = await read({ from, to });
    const kept = (sink: RecordingSink) => new Map([...sink.series].filter(([, list]) => list.length > 0));
    expect(kept(bits)).to.deep.equal(kept(whole));
    expect(whole.series.get('cpu shop/steady/app')).to.deep.equal(of('cpu', 'steady').slice(-10));
  });

  it('B-MET-10 a time of which nothing is known is empty, and no error', async () => {
    const nothing = await read({ from: to - 40 * DAY, to: to - 39 * DAY, peaksFrom: to - 40 * DAY });
    expect([nothing.series.size, nothing.peaks.size, nothing.owners.size]).to.deep.equal([0, 0, 0]);
  });

  it('B-MET-10 a query that it refuses is told with its words', async () => {
    const settings = operatorSettings({
      env: { OPTIPOD_PROMETHEUS_URL: prometheus.url, OPTIPOD_PROMETHEUS_MATCHERS: 'pod=~"("' },
      argv: [],
    });
    const { prometheus: broken } = metricsProviders(settings, { list: () => Promise.reject(new Error('not asked')) });
    const error = await broken
      ?.read({ from: 0, to: 60 }, recordingSink(), new AbortController().signal)
      .catch((e: unknown) => e);
    expect(error).to.include({ reason: 'ProviderRefused' });
    expect(String(error)).to.match(/400: .*regexp/);
  });
});

describe('a real Prometheus that gives a query a millisecond', function () {
  this.timeout(60_000);

  it('B-MET-3 has no answer in time to a day: it is well, and to be asked for less', async () => {
    const to = Math.floor(Date.now() / 60_000) * 60 - 600;
    const prometheus = await startPrometheusWith([dayUntil(to).text], { flags: ['--query.timeout=1ms'] });
    const endpoint = createEndpoint({ title: 'Prometheus', url: prometheus.url, timeoutMs: 30_000 });
    try {
      const query = 'max by (pod) (rate(container_cpu_usage_seconds_total[5m]))';
      const asked = { query, start: to - DAY, end: to, step: 15, isDivisible: true };
      const error = await queryRange(endpoint, asked, () => undefined, new AbortController().signal).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).to.be.instanceOf(NoAnswerInTime);
      expect(String(error)).to.match(/answered 503: query timed out/);
    } finally {
      await endpoint.close();
      await prometheus.stop();
    }
  });
});
