import { expect } from 'chai';
import {
  createClient,
  createController,
  createInformer,
  createManager,
  loadClusterConfig,
  silentLogger,
} from '../../../operator/runtime/index.js';
import { waitFor } from '../../kit/index.js';
import { ConfigMaps, failure, inNamespace, soon } from './here.js';

const namespace = 'runtime-manager';

describe('the manager of the controller runtime', function () {
  this.timeout(120_000);
  const here = inNamespace(namespace);
  const named = (name: string) => ({ namespace, name });

  it('B-OPR-2 B-OPR-6 a manager reconciles what its informer sees, is ready when synced, and stops cleanly', async () => {
    const own = createClient(await loadClusterConfig({ kubeconfig: here.cluster.kubeconfig }));
    const selection = { namespace, labelSelector: 'count=me' };
    const maps = createInformer(own, ConfigMaps, selection);
    const controller = createController({
      name: 'counter',
      async reconcile(key) {
        const object = maps.get(namespace, key);
        if (!object) return;
        const length = String(Object.keys(object.data ?? {}).length);
        if (object.metadata.annotations?.['example.com/length'] === length) return;
        const { uid } = object.metadata;
        const annotations = { 'example.com/length': length };
        await own.apply(ConfigMaps, { metadata: { ...named(key), uid, annotations } }, { fieldManager: 'counter' });
      },
    });
    maps.onEvent(({ object }) => controller.enqueue(object.metadata.name));
    const manager = createManager({ log: silentLogger, client: own, health: { host: '127.0.0.1', port: 0 } });
    manager.add(controller, maps);
    const run = manager.run(here.stop.signal);
    const { port } = await manager.listening;
    const ready = async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).status;
    await waitFor('readiness', async () => ((await ready()) === 200 ? true : undefined), soon);

    const ref = named('counted');
    await here.client.create(ConfigMaps, { metadata: { ...ref, labels: { count: 'me' } }, data: { a: '1', b: '2' } });
    const lengthIs = (length: string) =>
      waitFor(`length ${length}`, async () => {
        const { metadata } = await here.client.get(ConfigMaps, ref);
        return metadata.annotations?.['example.com/length'] === length ? true : undefined;
      });
    await lengthIs('2');
    await here.client.patch(ConfigMaps, ref, { data: { c: '3' } }, { type: 'merge' });
    await lengthIs('3');
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    expect(metrics).to.contain('controller_runtime_reconcile_total{controller="counter",result="success"}');
    here.stop.abort();
    await run;
    expect(String(await failure(fetch(`http://127.0.0.1:${port}/readyz`)))).to.contain('fetch failed');
  });
});
