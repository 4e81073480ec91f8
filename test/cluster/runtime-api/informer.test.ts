import type { Kind } from 'optipod/kube';
import { expect } from 'chai';
import { createInformer, isGone, type Informer } from '../../../operator/runtime/index.js';
import { waitFor } from '../../kit/index.js';
import { ConfigMaps, inNamespace, soon } from './here.js';

const Widgets: Kind = {
  group: 'runtime.example.com',
  version: 'v1',
  kind: 'Widget',
  plural: 'widgets',
  scope: 'Namespaced',
};

const namespace = 'runtime-informer';

describe('the informer of the controller runtime', function () {
  this.timeout(120_000);
  const here = inNamespace(namespace);
  const named = (name: string) => ({ namespace, name });

  const start = <T>(informer: Informer<T>) => {
    here.running.push(informer.run(here.stop.signal));
    return informer.synced;
  };

  it('lists in pages and follows the API, metadata only where asked', async () => {
    for (let index = 0; index < 7; index += 1) {
      await here.client.create(ConfigMaps, { metadata: { ...named(`paged-${index}`), labels: { set: 'paged' } } });
    }
    const options = { namespace, labelSelector: 'set=paged', pageSize: 3 };
    const informer = createInformer(here.client, ConfigMaps, options);
    const metadata = createInformer(here.client, ConfigMaps as Kind, { ...options, metadataOnly: true });
    const events: string[] = [];
    informer.onEvent(({ type, object }) => events.push(`${type} ${object.metadata.name}`));
    await Promise.all([start(informer), start(metadata)]);
    expect(informer.list(namespace)).to.have.length(7);
    expect(informer.get(namespace, 'paged-6')).to.include({ apiVersion: 'v1', kind: 'ConfigMap' });
    expect(informer.get(namespace, 'paged-6')?.metadata).not.to.have.property('managedFields');
    expect(metadata.get(namespace, 'paged-6')).to.have.all.keys('apiVersion', 'kind', 'metadata');
    expect(metadata.get(namespace, 'paged-6')).to.include({ apiVersion: 'v1', kind: 'ConfigMap' });

    events.length = 0;
    await here.client.patch(ConfigMaps, named('paged-0'), { data: { a: '1' } }, { type: 'merge' });
    await here.client.patch(
      ConfigMaps,
      named('paged-1'),
      { metadata: { labels: { set: 'other' } } },
      { type: 'merge' },
    );
    await here.client.delete(ConfigMaps, named('paged-2'));
    await waitFor('three events', () => (events.length === 3 ? true : undefined), soon);
    expect(events).to.have.members(['updated paged-0', 'deleted paged-1', 'deleted paged-2']);
    expect(informer.get(namespace, 'paged-0')?.data).to.deep.equal({ a: '1' });
    await waitFor('metadata', () => (metadata.list().length === 5 ? true : undefined), soon);
  });

  it('reads what it wrote, and finds it by its indexes', async () => {
    const informer = createInformer(here.client, ConfigMaps, {
      namespace,
      labelSelector: 'set=own',
      indexes: { byValue: ({ data }) => Object.values(data ?? {}) },
    });
    await start(informer);
    const ref = { ...named('own'), labels: { set: 'own' } };
    for (let round = 0; round < 20; round += 1) {
      const value = String(round);
      informer.observe(
        await here.client.apply(ConfigMaps, { metadata: ref, data: { value } }, { fieldManager: 'one', force: true }),
      );
      expect(informer.get(namespace, 'own')?.data).to.deep.equal({ value });
      expect(informer.byIndex('byValue', value)).to.have.length(1);
    }
    const last = await here.client.get(ConfigMaps, ref);
    await here.client.delete(ConfigMaps, ref);
    await waitFor('the deletion', () => (informer.list().length === 0 ? true : undefined), soon);
    informer.observe(last);
    expect(informer.list()).to.deep.equal([]);

    // One that is not selected is taken out when the watch has passed it.
    const elsewhere = await here.client.create(ConfigMaps, { metadata: named('elsewhere') });
    informer.observe(elsewhere);
    await here.client.create(ConfigMaps, { metadata: ref });
    await waitFor('the next event', () => (informer.get(namespace, 'own') ? true : undefined), soon);
    expect(informer.list().map(({ metadata }) => metadata.name)).to.deep.equal(['own']);
  });

  it('waits for a kind that is not served yet, and follows it when it goes and comes back', async () => {
    const timing = { initialMs: 50, maxMs: 200 };
    const informer = createInformer(here.client, Widgets, { timing });
    const events: string[] = [];
    informer.onEvent(({ type, object }) => events.push(`${type} ${object.metadata.name}`));
    here.running.push(informer.run(here.stop.signal));
    const definition = JSON.stringify({
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.runtime.example.com' },
      spec: {
        group: Widgets.group,
        scope: 'Namespaced',
        names: { kind: 'Widget', plural: 'widgets', singular: 'widget', listKind: 'WidgetList' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    });
    const add = (name: string) =>
      waitFor(`widget ${name}`, () => here.client.create(Widgets, { metadata: named(name) }), { everyMs: 50 });
    const names = () => informer.list().map(({ metadata }) => metadata.name);
    const holds = (...wanted: string[]) =>
      waitFor(`the widgets ${wanted.join()}`, () => (names().join() === wanted.join() ? true : undefined), soon);

    expect(informer.hasSynced).to.equal(false);
    await here.cluster.kubectl(['apply', '-f', '-'], { input: definition });
    await add('first');
    await holds('first');
    // The API serves no history from before it served the kind.
    const old = here.client.watch(Widgets, { resourceVersion: '1', timeoutSeconds: 5 })[Symbol.asyncIterator]().next();
    const event = await old.catch((error: unknown) => error);
    expect(isGone(event) || JSON.stringify(event).includes('"code":410'), JSON.stringify(event)).to.equal(true);
    await here.cluster.kubectl(['delete', 'crd', 'widgets.runtime.example.com']);
    await holds();
    await here.cluster.kubectl(['apply', '-f', '-'], { input: definition });
    await add('second');
    await holds('second');
    expect(events).to.deep.equal(['added first', 'deleted first', 'added second']);
    expect(informer.hasSynced).to.equal(true);
    await here.cluster.kubectl(['delete', 'crd', 'widgets.runtime.example.com']);
    await holds();
  });
});
