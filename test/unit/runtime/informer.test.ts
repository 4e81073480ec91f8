import type { Kind, KubeObject } from 'optipod/kube';
import { expect } from 'chai';
import { pino } from 'pino';
import {
  type Informer,
  type InformerEvent,
  type Logger,
  type ReflectorTiming,
  createClient,
  createInformer,
  createMetrics,
} from '../../../operator/runtime/index.js';
import { patience } from '../../kit/wait.js';
import { type Fault, fakeKind, until } from './fake-apiserver.js';

type ConfigMap = KubeObject & { readonly data: string };
const ConfigMaps: Kind<ConfigMap> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  scope: 'Namespaced',
};

const timing: Partial<ReflectorTiming> = { initialMs: 2, maxMs: 4, shortestWatchMs: 0 };

describe('informer', () => {
  let api: Awaited<ReturnType<typeof fakeKind>>;
  let stop: AbortController;
  let running: Promise<void>[];
  let closing: (() => Promise<void>)[];

  beforeEach(async () => {
    api = await fakeKind();
    stop = new AbortController();
    running = [];
    closing = [];
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(running);
    for (const close of closing) await close();
    await api.close();
  });

  function start(
    options: {
      readonly pageSize?: number;
      readonly timing?: Partial<ReflectorTiming>;
      readonly log?: Logger;
      readonly optional?: boolean;
    } = {},
  ) {
    const client = createClient(api.config, { retry: { attempts: 1 } });
    closing.push(() => client.close());
    const metrics = createMetrics();
    const informer = createInformer(client, ConfigMaps, { metrics, timing, ...options });
    const events: string[] = [];
    informer.onEvent(({ type, object }) => events.push(`${type} ${object.metadata.name}=${object.data}`));
    running.push(informer.run(stop.signal));
    return { informer, events, metrics };
  }

  const contents = (informer: Informer<ConfigMap>) =>
    Object.fromEntries(informer.list().map(({ metadata, data }) => [metadata.name, data]));
  const agrees = (informer: Informer<ConfigMap>) =>
    until(() => JSON.stringify(sorted(contents(informer))) === JSON.stringify(sorted(api.contents())));
  const sorted = (record: Record<string, string>) => Object.entries(record).sort(([a], [b]) => a.localeCompare(b));
  const watching = () => until(() => api.watches.size === 1);

  it('lists in pages, then follows changes', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) api.set(name, '1');
    const { informer, events } = start({ pageSize: 2 });
    expect(informer.hasSynced).to.equal(false);
    await informer.synced;
    expect(informer.hasSynced).to.equal(true);
    expect(api.requests.filter(({ url }) => url.searchParams.has('limit'))).to.have.length(3);
    expect(informer.get('default', 'c')).to.deep.include({ apiVersion: 'v1', kind: 'ConfigMap', data: '1' });
    expect(informer.get('default', 'c')?.metadata).not.to.have.property('managedFields');
    expect([informer.list('default').length, informer.list('other').length]).to.deep.equal([5, 0]);
    await watching();
    api.set('a', '2');
    api.remove('b');
    api.set('f', '1');
    await agrees(informer);
    expect(events.slice(5)).to.deep.equal(['updated a=2', 'deleted b=1', 'added f=1']);
    const watch = api.requests.at(-1)?.url.searchParams;
    expect(watch?.get('allowWatchBookmarks')).to.equal('true');
    expect(Number(watch?.get('timeoutSeconds'))).to.be.within(300, 600);
  });

  const faults: Fault[] = [
    'reset',
    'status-500',
    'status-410',
    'status-404',
    'event-410',
    'event-500',
    'half-line',
    'end',
  ];
  for (const fault of faults) {
    it(`goes on after ${fault} in a watch, and misses nothing`, async () => {
      api.set('a', '1');
      api.set('gone', '1');
      api.watchFaults.push(fault, fault);
      const { informer } = start();
      await informer.synced;
      api.set('a', '2');
      api.remove('gone');
      await agrees(informer);
      await watching();
      api.set('b', '1');
      await agrees(informer);
    });
  }

  it('is not synced while lists fail, a kind that is not served among them, and syncs when they work', async () => {
    api.set('a', '1');
    api.listFaults.push('status-404', 'reset', 'status-500', 'status-404');
    const { informer } = start();
    await until(() => api.listFaults.length <= 1);
    expect(informer.hasSynced).to.equal(false);
    await informer.synced;
    await agrees(informer);
  });

  it('B-APP-9 waits for no optional kind that is not served, nor warns of it, and follows it when it comes', async () => {
    const warned: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => warned.push(line) });
    api.set('a', '1');
    api.listFaults.push('status-404', 'status-404', 'status-404', 'status-404');
    const { informer, events } = start({ log, optional: true });
    await informer.synced;
    expect(informer.hasSynced).to.equal(true);
    expect(informer.list()).to.deep.equal([]);
    await until(() => events.length === 1);
    expect(events).to.deep.equal(['added a=1']);
    expect(warned).to.deep.equal([]);
  });

  it('is not synced while lists of an optional kind fail for another reason', async () => {
    api.listFaults.push('status-500', 'reset', 'status-500');
    const { informer } = start({ optional: true });
    await until(() => api.listFaults.length <= 1);
    expect(informer.hasSynced).to.equal(false);
    await informer.synced;
  });

  it('goes on from the last bookmark, and lists again only when it must', async () => {
    api.set('a', '1');
    const { informer, events, metrics } = start();
    await informer.synced;
    await watching();
    const version = api.bookmark();
    api.end();
    await until(() => api.requests.filter(({ url }) => url.searchParams.has('watch')).length === 2);
    expect(api.requests.at(-1)?.url.searchParams.get('resourceVersion')).to.equal(version);
    await watching();
    expect(events).to.deep.equal(['added a=1']);

    api.cut();
    api.compact();
    await until(() => api.requests.filter(({ url }) => !url.searchParams.has('watch')).length === 2);
    expect(await metrics.registry.metrics()).to.contain(
      'reflector_relists_total{resource="configmaps",reason="gone"} 1',
    );
  });

  it('finds out by a new list what was deleted and replaced unseen', async () => {
    for (const name of ['kept', 'gone', 'changed', 'replaced']) api.set(name, '1');
    const { informer, events } = start();
    await informer.synced;
    await watching();
    api.watchFaults.push('reset');
    api.cut();
    api.remove('gone');
    api.set('changed', '2');
    api.remove('replaced');
    api.set('replaced', '2', 'another');
    api.compact();
    events.length = 0;
    await agrees(informer);
    expect(events).to.have.members(['deleted gone=1', 'updated changed=2', 'deleted replaced=1', 'added replaced=2']);
  });

  it('takes the whole list when pages expire while it is read', async () => {
    for (const name of ['a', 'b', 'c']) api.set(name, '1');
    api.listFaults.push('none', 'status-410');
    const { informer } = start({ pageSize: 2 });
    await informer.synced;
    await agrees(informer);
    const lists = api.requests.filter(({ url }) => !url.searchParams.has('watch'));
    expect(lists.at(-1)?.url.searchParams.has('limit')).to.equal(false);
  });

  it('finds objects by the indexes that were declared, as they are kept', async () => {
    const client = createClient(api.config);
    closing.push(() => client.close());
    const informer = createInformer(client, ConfigMaps, {
      timing,
      project: ({ metadata: { name }, data }) => ({ name, data }),
      indexes: { byData: ({ data }) => [data, data], byInitial: ({ name }) => [name.slice(0, 1)] },
    });
    for (const name of ['a1', 'a2', 'b1']) api.set(name, 'x');
    running.push(informer.run(stop.signal));
    await informer.synced;
    await watching();
    const found = (index: Parameters<typeof informer.byIndex>[0], key: string) =>
      informer.byIndex(index, key).map(({ name }) => name);
    expect([found('byData', 'x'), found('byInitial', 'a')]).to.deep.equal([
      ['a1', 'a2', 'b1'],
      ['a1', 'a2'],
    ]);
    api.set('a1', 'y');
    api.remove('a2');
    await until(() => informer.list().length === 2 && found('byData', 'y').length === 1);
    expect([found('byData', 'x'), found('byInitial', 'a'), found('byData', 'z')]).to.deep.equal([['b1'], ['a1'], []]);
  });

  it('reads what was written before the watch tells of it', async () => {
    api.set('a', '1');
    const { informer, events } = start({ timing: { ...timing, initialMs: 60_000 } });
    await informer.synced;
    await watching();
    api.cut();
    await until(() => api.watches.size === 0);
    const answer = api.set('a', '2');
    const written = { ...answer, metadata: { ...answer.metadata, managedFields: [{ manager: 'mine' }] } };
    informer.observe(written);
    informer.observe(api.set('b', '1'));
    informer.observe(api.set('b', '2'));
    informer.observe(written);
    expect(contents(informer)).to.deep.equal({ a: '2', b: '2' });
    expect(informer.get('default', 'a')?.metadata).not.to.have.any.keys('managedFields');
    expect(written.metadata.managedFields).to.deep.equal([{ manager: 'mine' }]);
    expect(events).to.deep.equal(['added a=1', 'updated a=2', 'added b=1', 'updated b=2']);
  });

  it('makes nothing a second time of what was written when the watch tells of it', async () => {
    const client = createClient(api.config);
    closing.push(() => client.close());
    const projected: string[] = [];
    const informer = createInformer(client, ConfigMaps, {
      timing,
      project: ({ metadata: { name }, data }) => projected.push(`${name}=${data}`),
    });
    running.push(informer.run(stop.signal));
    await informer.synced;
    await watching();
    informer.observe(api.set('a', '1'));
    api.set('b', '1');
    await until(() => informer.list().length === 2);
    expect(projected).to.deep.equal(['a=1', 'b=1']);
  });

  it('does not take 404s for the end of a kind that are not three in a row', async () => {
    api.set('kept', '1');
    const { informer, events } = start();
    await informer.synced;
    await watching();
    api.watchFaults.push('status-404');
    api.listFaults.push('status-500', 'status-404', 'status-500', 'status-404', 'status-500');
    api.end();
    await until(() => api.listFaults.length === 0);
    await watching();
    expect(events).to.deep.equal(['added kept=1']);
  });

  it('forgets a kind that is not served any more, and only then', async () => {
    api.set('a', '1');
    const { informer, events } = start();
    await informer.synced;
    await watching();
    api.watchFaults.push('status-404');
    api.listFaults.push('status-404');
    api.cut();
    await until(() => api.listFaults.length === 0);
    await watching();
    expect(events).to.deep.equal(['added a=1']);
    api.watchFaults.push('status-404');
    api.listFaults.push('status-404', 'status-404');
    api.cut();
    await until(() => events.length === 3);
    expect(events).to.deep.equal(['added a=1', 'deleted a=1', 'added a=1']);
  });

  it('B-FRM-1 says of a kind that was never served that it waits for it, and of a served one that it is gone', async () => {
    const said: string[] = [];
    const log = pino({}, { write: (line: string) => said.push((JSON.parse(line) as { msg: string }).msg) });
    const notServed = () => said.filter((line) => line.includes('served'));
    api.listFaults.push('status-404', 'status-404', 'status-404');
    const { informer } = start({ log });
    await informer.synced;
    expect(notServed()).to.deep.equal(['the kind is not served; waiting for its CustomResourceDefinition']);
    await watching();
    api.watchFaults.push('status-404');
    api.listFaults.push('status-404', 'status-404');
    api.cut();
    await until(() => notServed().length === 2);
    expect(notServed()[1]).to.equal('the kind is not served any more; nothing of it is left');
  });

  it('gives up a watch that the server forgot', async () => {
    // A busy machine answers within that, too.
    const { informer } = start({ timing: { ...timing, idleMs: 25 * patience } });
    await informer.synced;
    await until(() => api.requests.filter(({ url }) => url.searchParams.has('watch')).length > 2);
    api.set('a', '1');
    await agrees(informer);
  });

  it('warns of silence only where the server was heard to send bookmarks', async () => {
    const lines: { level: number; msg: string }[] = [];
    const log = pino(
      { level: 'debug' },
      { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]) },
    );
    const levels = () => lines.filter(({ msg }) => msg.startsWith('no sign of life')).map(({ level }) => level);
    const { informer } = start({ timing: { ...timing, idleMs: 50 }, log });
    await informer.synced;
    await until(() => levels().length > 0);
    expect(new Set(levels())).to.deep.equal(new Set([pino.levels.values.debug]));
    // One that falls between two watches is heard by nobody.
    for (let tries = 0; tries < 40 && levels().at(-1) !== pino.levels.values.warn; tries += 1) {
      api.bookmark();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(levels().at(-1)).to.equal(pino.levels.values.warn);
  });

  it('backs off from watches that end at once', async () => {
    const { informer } = start({ timing: { initialMs: 1000, maxMs: 1000, shortestWatchMs: 1000 } });
    api.watchFaults.push('end');
    await informer.synced;
    await until(() => api.watchFaults.length === 0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(api.requests).to.have.length(2);
  });

  it('survives handlers that throw or reject, and counts them', async () => {
    const { informer, metrics } = start();
    const seen: string[] = [];
    informer.onEvent(() => {
      throw new Error('broken handler');
    });
    informer.onEvent(() => Promise.reject(new Error('broken promise')));
    informer.onEvent(({ object }) => seen.push(object.metadata.name));
    await informer.synced;
    await watching();
    api.set('a', '1');
    api.set('b', '1');
    await until(() => seen.length === 2);
    expect(seen).to.deep.equal(['a', 'b']);
    expect(await metrics.registry.metrics()).to.contain(
      'informer_errors_total{resource="configmaps",stage="handler"} 4',
    );
  });

  it('tells a handler that joins late what is there, once', async () => {
    api.set('a', '1');
    api.set('b', '1');
    const { informer } = start();
    await informer.synced;
    await watching();
    const late: string[] = [];
    const nested: string[] = [];
    const name = ({ type, object }: InformerEvent<ConfigMap>) => `${type} ${object.metadata.name}`;
    const leave = informer.onEvent((event) => {
      late.push(name(event));
      if (event.object.metadata.name === 'c') informer.onEvent((inner) => nested.push(name(inner)));
    });
    expect(late).to.deep.equal(['added a', 'added b']);
    api.set('c', '1');
    await until(() => late.length === 3);
    expect(nested).to.deep.equal(['added a', 'added b', 'added c']);
    leave();
    api.remove('a');
    await until(() => nested.length === 4);
    expect(late).to.have.length(3);
  });

  it('keeps what the projection gives, and the last good state where it throws', async () => {
    const client = createClient(api.config);
    closing.push(() => client.close());
    const informer = createInformer(client, ConfigMaps, {
      timing,
      project: ({ data }) => {
        if (data === 'bad') throw new Error('not understood');
        return data.length;
      },
    });
    api.set('a', 'four');
    api.set('b', 'bad');
    running.push(informer.run(stop.signal));
    await informer.synced;
    expect(informer.list()).to.deep.equal([4]);
    await watching();
    api.set('a', 'bad');
    api.set('b', 'three');
    await until(() => informer.list().length === 2);
    expect([informer.get('default', 'a'), informer.get('default', 'b')]).to.deep.equal([4, 5]);
  });
});
