import { expect } from 'chai';
import { type EventObject, PodKind, type KubeObject } from 'optipod/kube';
import {
  type EventRecorderOptions,
  NotLeaderError,
  createClient,
  createEventRecorder,
  createMetrics,
  silentLogger,
} from '../../../operator/runtime/index.js';
import { type Handler, fakeServer, sendJson, status, until } from './fake-apiserver.js';
import { fakeClock } from './fake-clock.js';

const web: KubeObject = {
  apiVersion: 'v1',
  kind: PodKind.kind,
  metadata: { namespace: 'shop', name: 'web', uid: 'uid-web', resourceVersion: '1', creationTimestamp: '' },
};
const failed = { type: 'Warning', reason: 'Failed', message: 'no disk' } as const;

const created: Handler = ({ body }, response) => {
  const { metadata } = body as { metadata: object };
  sendJson(response, 201, { ...(body as object), metadata: { ...metadata, uid: 'uid-event' } });
};
const patched: Handler = (_, response) => sendJson(response, 200, { metadata: { uid: 'uid-event' } });

describe('event recorder', () => {
  let answers: Handler[];
  let server: Awaited<ReturnType<typeof fakeServer>>;

  beforeEach(async () => {
    answers = [];
    server = await fakeServer((request, response) =>
      (answers.shift() ?? (request.method === 'POST' ? created : patched))(request, response),
    );
  });
  afterEach(() => server.close());

  function start(options: Partial<EventRecorderOptions> & { readonly beforeWrite?: () => void } = {}) {
    const { beforeWrite, ...rest } = options;
    const metrics = createMetrics();
    const client = createClient(server.config, beforeWrite ? { beforeWrite } : {});
    const recorder = createEventRecorder({ client, source: 'mine', ...rest });
    const stop = new AbortController();
    const running = recorder.run(stop.signal, { log: silentLogger, metrics });
    return {
      ...recorder,
      counted: async () => {
        const { values } = await metrics.events.get();
        return Object.fromEntries(values.map(({ labels, value }) => [String(labels.result), value]));
      },
      stop: async () => {
        stop.abort();
        await running;
        await client.close();
      },
    };
  }
  const bodies = () => server.requests.map(({ body }) => body as Partial<EventObject>);

  it('creates an event, and counts the same again in it', async () => {
    const { event, stop, counted } = start({ now: () => Date.UTC(2026, 0, 31, 12, 0, 0, 123) });
    event(web, failed);
    await until(() => server.requests.length === 1);
    event(web, failed);
    await until(() => server.requests.length === 2);
    await stop();
    const [first, second] = server.requests;
    expect(first).to.have.nested.property('url.pathname', '/api/v1/namespaces/shop/events');
    const { metadata, ...said } = bodies()[0] as EventObject;
    expect(metadata.name).to.match(/^web\.[0-9a-f]{16}$/);
    expect(said).to.deep.equal({
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace: 'shop', name: 'web', uid: 'uid-web' },
      type: 'Warning',
      reason: 'Failed',
      message: 'no disk',
      source: { component: 'mine' },
      reportingComponent: 'mine',
      count: 1,
      firstTimestamp: '2026-01-31T12:00:00Z',
      lastTimestamp: '2026-01-31T12:00:00Z',
    });
    expect(second).to.have.nested.property('url.pathname', `/api/v1/namespaces/shop/events/${metadata.name}`);
    expect(bodies()[1]).to.deep.include({ metadata: { uid: 'uid-event' }, count: 2 });
    expect(await counted()).to.deep.equal({ created: 1, patched: 1 });
  });

  it('raises the count of what waits its turn, and drops what is too much', async () => {
    let release: () => void = () => undefined;
    answers = [
      async (request, response) => {
        await new Promise<void>((resolve) => (release = resolve));
        await created(request, response);
      },
    ];
    const { event, stop, counted } = start({ waiting: 2 });
    event(web, failed);
    await until(() => server.requests.length === 1);
    for (let time = 0; time < 5; time += 1) event(web, { ...failed, message: 'other' });
    event(web, { ...failed, message: 'third' });
    event(web, { ...failed, message: 'one too many' });
    release();
    await until(() => server.requests.length === 3);
    await stop();
    expect(bodies().map(({ message, count }) => [message, count])).to.deep.equal([
      ['no disk', 1],
      ['other', 5],
      ['third', 1],
    ]);
    expect(await counted()).to.deep.equal({ created: 3, dropped: 1 });
  });

  it('makes an event anew that kube-apiserver has forgotten', async () => {
    const { event, stop } = start();
    event(web, failed);
    await until(() => server.requests.length === 1);
    answers = [(_, response) => sendJson(response, 404, status(404, 'NotFound'))];
    event(web, failed);
    await until(() => server.requests.length === 3);
    await stop();
    expect(bodies()[2]).to.include({ count: 2, message: 'no disk' });
    expect(bodies()[2]?.metadata?.name).not.to.equal(bodies()[0]?.metadata?.name);
  });

  it('tries again under the same name when an answer is lost, and never has one event twice', async () => {
    answers = [
      (_, response) => void response.destroy(),
      (_, response) => sendJson(response, 409, status(409, 'AlreadyExists')),
    ];
    const clock = fakeClock();
    const { event, stop, counted } = start({ clock });
    event(web, failed);
    await until(() => (clock.advance(1000), server.requests.length === 3));
    await stop();
    const [lost, again, patch] = server.requests;
    expect([lost?.method, again?.method, patch?.method]).to.deep.equal(['POST', 'POST', 'PATCH']);
    expect(bodies()[1]?.metadata?.name).to.equal(bodies()[0]?.metadata?.name);
    expect(patch?.url.pathname).to.contain(String(bodies()[0]?.metadata?.name));
    expect(await counted()).to.deep.equal({ patched: 1 });
  });

  it('drops what is refused, or what a fence keeps back, and goes on', async () => {
    let leads = true;
    const beforeWrite = () => {
      if (!leads) throw new NotLeaderError('no');
    };
    answers = [(_, response) => sendJson(response, 403, status(403, 'Forbidden'))];
    const { event, stop, counted } = start({ beforeWrite });
    event(web, failed);
    event(web, { ...failed, message: 'other' });
    await until(() => server.requests.length === 2);
    leads = false;
    event(web, { ...failed, message: 'late' });
    await stop();
    expect(server.requests).to.have.length(2);
    expect(await counted()).to.deep.equal({ dropped: 2, created: 1 });
  });

  it('never throws, and says nothing of an object that it cannot name', async () => {
    const { event, stop, counted } = start();
    event({ metadata: web.metadata }, failed);
    event(undefined as unknown as KubeObject, failed);
    await stop();
    expect(server.requests).to.be.empty;
    expect(await counted()).to.deep.equal({ dropped: 1 });
  });

  it('B-OPR-6 writes what waits when it is stopped, for so long and no longer', async () => {
    const quick = start();
    for (let number = 0; number < 5; number += 1) quick.event(web, { ...failed, message: `disk ${number}` });
    await quick.stop();
    expect(server.requests).to.have.length(5);
    answers = [() => undefined];
    const stuck = start({ flushMs: 50 });
    stuck.event(web, failed);
    stuck.event(web, { ...failed, message: 'other' });
    await until(() => server.requests.length === 6);
    await stuck.stop();
    expect(await stuck.counted()).to.deep.equal({ dropped: 2 });
  });

  it('puts events of cluster-scoped objects where kubectl looks, and gives each a name that is allowed', async () => {
    const { event, stop } = start();
    const { namespace: _, ...clusterScoped } = web.metadata;
    event({ ...web, kind: 'ClusterRole', metadata: { ...clusterScoped, name: 'system:Node' } }, failed);
    event({ ...web, metadata: { ...web.metadata, name: 'n'.repeat(253) } }, failed);
    await stop();
    expect(server.requests[0]?.url.pathname).to.equal('/api/v1/namespaces/default/events');
    const names = bodies().map(({ metadata }) => String(metadata?.name));
    expect(names[0]).to.match(/^system-node\.[0-9a-f]{16}$/);
    expect(names[1]).to.have.length(253);
  });
});
