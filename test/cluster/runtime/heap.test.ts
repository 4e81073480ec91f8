import { ConfigMap, Namespace } from 'optipod/kube';
import { expect } from 'chai';
import {
  type KubeClient,
  createClient,
  createController,
  createInformer,
  createMetrics,
  loadClusterConfig,
} from '../../../operator/runtime/index.js';
import { sharedCluster, waitFor } from '../../kit/index.js';
import { heldBytes } from '../../support/heap.js';

const SOAK = process.env.OPTIPOD_TRIES !== undefined;
const EVENTS = SOAK ? 200_000 : 6_000;
const SAMPLES = 20;
/** Writers at a time. */
const WRITERS = 16;
/** What compiled code and the like come to; in a short run they have not all come yet. */
const NOISE_BYTES = SOAK ? 2 ** 20 : 2 ** 21;

const namespace = 'churn';

describe('heap', function () {
  this.timeout(60_000 + EVENTS * 10);
  let client: KubeClient;
  const stop = new AbortController();

  before(async () => {
    const { kubeconfig } = await sharedCluster('control-plane');
    client = createClient(await loadClusterConfig({ kubeconfig }), { metrics: createMetrics() });
    await client.create(Namespace, { metadata: { name: namespace } });
  });
  after(async () => {
    await client.delete(Namespace, { name: namespace });
    await client.close();
  });

  it('does not grow with what happens, only with what there is', async () => {
    const metrics = createMetrics();
    const maps = createInformer(client, ConfigMap, {
      namespace,
      labelSelector: 'churn=yes',
      metrics,
      indexes: { byValue: ({ data }) => Object.values(data ?? {}) },
    });
    const controller = createController({
      name: 'churn',
      metrics,
      concurrency: 4,
      reconcile(key): Promise<void> {
        const fails = key.endsWith('7') && maps.get(namespace, key) !== undefined;
        return fails ? Promise.reject(new Error('not while it is there')) : Promise.resolve();
      },
    });
    let events = 0;
    maps.onEvent(({ object: { metadata } }) => {
      events += 1;
      controller.enqueue(metadata.name, { settle: { quietMs: 5, maxMs: 50 } });
    });
    const running = [maps.run(stop.signal), controller.run(stop.signal)];
    await maps.synced;

    let turn = 0;
    /** Creates, edits, edits and deletes an object of its own name: also keys come and go. */
    async function churn(until: number): Promise<void> {
      while (events < until) {
        const name = `n${String((turn += 1) % 1_000)}-${String(turn)}`;
        const metadata = { namespace, name, labels: { churn: 'yes' } };
        await client.create(ConfigMap, { metadata, data: { value: String(turn) } });
        for (const value of ['one', 'two']) {
          const written = await client.patch(ConfigMap, metadata, { data: { value } }, { type: 'merge' });
          maps.observe(written);
        }
        await client.delete(ConfigMap, metadata);
      }
    }

    const held: number[] = [];
    for (let sample = 1; sample <= SAMPLES; sample += 1) {
      const until = (EVENTS * sample) / SAMPLES;
      await Promise.all(Array.from({ length: WRITERS }, () => churn(until)));
      await waitFor('an empty cache', () => (maps.list().length === 0 ? true : undefined), { everyMs: 10 });
      held.push(await heldBytes());
    }
    stop.abort();
    await Promise.all(running);
    const warm = held.slice(SAMPLES / 4);
    const growth = slopeOf(warm) * (warm.length - 1);
    const perEvent = growth / ((EVENTS * (warm.length - 1)) / SAMPLES);
    const series = held.map((bytes) => (bytes / 2 ** 20).toFixed(2)).join(' ');
    console.error(`heap: ${String(events)} events, ${perEvent.toFixed(2)} bytes an event after warm-up; ${series} MiB`);
    expect(growth, `bytes held: ${series} MiB`).to.be.lessThan(NOISE_BYTES);
  });
});

/** Least squares, for each step. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const [above, below] = values.reduce(
    ([a, b], value, at) => [a + (at - middle) * (value - mean), b + (at - middle) ** 2],
    [0, 0],
  );
  return above / below;
}
