import { expect } from 'chai';
import { createMetricsServerProvider } from '../../../operator/metrics/metrics-server/metrics-server.js';
import { ProviderError } from '../../../operator/metrics/provider.js';
import type { MetricsProvider } from '../../../operator/metrics/reading.js';
import { createClient } from '../../../operator/runtime/index.js';
import { fakeServer, sendJson, status } from '../runtime/fake-apiserver.js';
import { recordingSink } from '../../support/recording-sink.js';

const NOW = 1_800_000_000;
const at = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000Z', 'Z');

function podMetrics(name: string, timestamp: number, usage: object = { cpu: '123456789n', memory: '204800Ki' }) {
  return {
    metadata: { name, namespace: 'shop' },
    timestamp: at(timestamp),
    window: '15.1s',
    containers: [{ name: 'app', usage }],
  };
}

describe('the provider metrics-server', () => {
  let server: Awaited<ReturnType<typeof fakeServer>>;
  let answer: { code: number; body: unknown };
  let provider: MetricsProvider;
  let client: ReturnType<typeof createClient>;

  beforeEach(async () => {
    server = await fakeServer((_, response) => sendJson(response, answer.code, answer.body));
    client = createClient(server.config, { retry: { attempts: 1 } });
    provider = createMetricsServerProvider({ client, intervalMs: 60_000 });
  });

  afterEach(async () => {
    await client.close();
    await server.close();
  });

  /** What one more reading brings, at this instant, since a minute ago. */
  async function read(items: readonly object[], to = NOW, namespaces?: readonly string[]) {
    answer = { code: 200, body: { kind: 'PodMetricsList', metadata: {}, items } };
    const sink = recordingSink();
    const request = { from: to - 60, to, ...(namespaces ? { namespaces } : {}) };
    await provider.read(request, sink, new AbortController().signal);
    return Object.fromEntries([...sink.series].filter(([, values]) => values.length > 0));
  }

  it('B-MET-5 asks once for the whole cluster, and reads quantities exactly', async () => {
    expect(await read([podMetrics('web-1', NOW - 10)])).to.deep.equal({
      'cpu shop/web-1/app': [[NOW - 10, 0.123456789]],
      'memory shop/web-1/app': [[NOW - 10, 200 * 2 ** 20]],
    });
    expect(server.requests.map(({ url }) => url.pathname)).to.deep.equal(['/apis/metrics.k8s.io/v1beta1/pods']);
  });

  it('B-MET-5 a reading seen twice counts once', async () => {
    await read([podMetrics('web-1', NOW - 10), podMetrics('web-2', NOW - 10)]);
    const again = await read([podMetrics('web-1', NOW - 10), podMetrics('web-2', NOW + 50)], NOW + 60);
    expect(Object.keys(again)).to.deep.equal(['cpu shop/web-2/app', 'memory shop/web-2/app']);
  });

  it('B-MET-6 counts what one list brings at one instant, whenever each pod of it was read, for every process the same', async () => {
    const list = [podMetrics('web-1', NOW - 20), podMetrics('web-2', NOW - 11), podMetrics('web-3', NOW - 15)];
    const cpu = (readings: Awaited<ReturnType<typeof read>>) =>
      [1, 2, 3].map((pod) => readings[`cpu shop/web-${pod}/app`]);
    expect(cpu(await read(list))).to.deep.equal([1, 2, 3].map(() => [[NOW - 11, 0.123456789]]));
    provider = createMetricsServerProvider({ client, intervalMs: 60_000 });
    expect(cpu(await read(list, NOW + 15))).to.deep.equal([1, 2, 3].map(() => [[NOW - 11, 0.123456789]]));
  });

  it('B-MET-6 the namespaces that are asked for do not move the instant', async () => {
    const list = [
      podMetrics('web-1', NOW - 20),
      { ...podMetrics('vault-1', NOW - 5), metadata: { name: 'vault-1', namespace: 'bank' } },
    ];
    expect((await read(list, NOW, ['shop']))['cpu shop/web-1/app']).to.deep.equal([[NOW - 5, 0.123456789]]);
  });

  it('B-MET-5 one from before the process began may have counted before', async () => {
    expect(await read([podMetrics('web-1', NOW - 61)])).to.deep.equal({});
  });

  for (const [what, skew] of [
    ['behind', -600],
    ['ahead', 600],
  ] as const) {
    it(`B-MET-5 a node’s clock that is ten minutes ${what} does no harm`, async () => {
      await read([podMetrics('web-1', NOW + skew - 10)]);
      const next = await read([podMetrics('web-1', NOW + skew + 50)], NOW + 60);
      expect(next['cpu shop/web-1/app']).to.deep.equal([[NOW + 60, 0.123456789]]);
      expect(await read([podMetrics('web-1', NOW + skew + 50)], NOW + 120)).to.deep.equal({});
    });
  }

  it('B-MET-10 what is no reading is left out, and its sibling is not', async () => {
    const readings = await read([
      podMetrics('web-1', NOW, { cpu: 'many', memory: '1Gi' }),
      podMetrics('web-2', NOW, { cpu: '0', memory: '0' }),
      { ...podMetrics('web-3', NOW), timestamp: 'lately' },
      podMetrics('web-4', NOW, {}),
    ]);
    expect(readings).to.deep.equal({
      'memory shop/web-1/app': [[NOW, 2 ** 30]],
      'cpu shop/web-2/app': [[NOW, 0]],
    });
  });

  it('hands over nothing of other namespaces than were asked for', async () => {
    expect(await read([podMetrics('web-1', NOW)], NOW, ['bank'])).to.deep.equal({});
  });

  for (const [code, said, reason, message] of [
    [404, 'NotFound', 'ProviderNotConfigured', 'metrics-server is not installed'],
    [403, 'Forbidden', 'ProviderRefused', 'cannot be read'],
    [503, 'ServiceUnavailable', 'ProviderUnreachable', 'metrics-server does not answer'],
  ] as const) {
    it(`B-MET-10 ${said} is told as ${reason}`, async () => {
      answer = { code, body: status(code, said) };
      const reading = provider.read({ from: NOW - 60, to: NOW }, recordingSink(), new AbortController().signal);
      const error = await reading.catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(ProviderError).and.to.include({ reason });
      expect((error as Error).message).to.contain(message);
    });
  }
});
