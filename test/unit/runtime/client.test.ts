import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import { Deployment, Namespace, PodKind } from 'optipod/kube';
import { expect } from 'chai';
import {
  ApiError,
  ConnectionError,
  type KubeClient,
  type WatchEvent,
  createClient,
  createMetrics,
  isAlreadyExists,
  isConflict,
  isGone,
  isNotFound,
} from '../../../operator/runtime/index.js';
import { patience } from '../../kit/wait.js';
import { type Handler, fakeServer, sendJson, status, until } from './fake-apiserver.js';

const web = { namespace: 'default', name: 'web' };

describe('client', () => {
  let answers: Handler[] = [];
  let server: Awaited<ReturnType<typeof fakeServer>>;
  let client: KubeClient;
  const metrics = createMetrics();

  before(async () => {
    server = await fakeServer((request, response) => {
      const answer = answers.shift();
      if (answer) return answer(request, response);
      sendJson(response, 200, { kind: 'Thing', metadata: { name: 'x' }, items: [] });
    });
    client = createClient(server.config, { metrics, retry: { withinMs: 2 } });
  });
  beforeEach(() => {
    answers = [];
    server.requests.length = 0;
  });
  after(async () => {
    await client.close();
    await server.close();
  });

  const last = () => {
    const { method, url, headers, body } = server.requests.at(-1) ?? expect.fail('no request');
    return { method, path: url.pathname, query: Object.fromEntries(url.searchParams), headers, body };
  };
  const failure = async (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => expect.fail('did not fail'),
      (error: unknown) => error,
    );

  it('asks for objects where they are', async () => {
    await client.get(Deployment, web);
    expect(last()).to.include({ method: 'GET', path: '/apis/apps/v1/namespaces/default/deployments/web' });
    expect(last().headers).to.include({ authorization: 'Bearer token', accept: 'application/json' });
    await client.get(Namespace, { name: 'default' });
    expect(last().path).to.equal('/api/v1/namespaces/default');
    await client.list(PodKind, { labelSelector: 'a in (b,c)', limit: 500 });
    expect(last()).to.deep.include({ path: '/api/v1/pods', query: { labelSelector: 'a in (b,c)', limit: '500' } });
    await client.list(PodKind, { namespace: 'kube-system', metadataOnly: true });
    expect(last().path).to.equal('/api/v1/namespaces/kube-system/pods');
    expect(last().headers.accept).to.equal('application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1');
  });

  it('applies with the content type, manager and UID that it was given', async () => {
    const object = { metadata: { ...web, uid: 'u-1' }, spec: { replicas: 2 } };
    await client.apply(Deployment, object, { fieldManager: 'me', force: true, dryRun: true });
    expect(last()).to.deep.include({
      method: 'PATCH',
      path: '/apis/apps/v1/namespaces/default/deployments/web',
      query: { fieldManager: 'me', force: 'true', dryRun: 'All' },
      body: { apiVersion: 'apps/v1', kind: 'Deployment', ...object },
    });
    expect(last().headers['content-type']).to.equal('application/apply-patch+yaml');
    await client.apply(Deployment, object, { fieldManager: 'me', subresource: 'status' });
    expect(last().path).to.equal('/apis/apps/v1/namespaces/default/deployments/web/status');
  });

  it('patches, deletes and creates with preconditions and subresources', async () => {
    await client.patch(PodKind, web, [{ op: 'remove', path: '/x' }], { type: 'json', subresource: 'resize' });
    expect(last().path).to.equal('/api/v1/namespaces/default/pods/web/resize');
    expect(last().headers['content-type']).to.equal('application/json-patch+json');
    await client.delete(PodKind, web, { uid: 'u-1' });
    expect(last()).to.deep.include({
      method: 'DELETE',
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'u-1' } },
    });
    await client.createSubresource(PodKind, web, 'eviction', {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: web,
    });
    expect(last()).to.include({ method: 'POST', path: '/api/v1/namespaces/default/pods/web/eviction' });
  });

  it('asks what a server has, subresources among it', async () => {
    const found = await fakeServer((_, response) =>
      sendJson(response, 200, { kind: 'APIResourceList', resources: [{ name: 'pods' }, { name: 'pods/resize' }] }),
    );
    const asking = createClient(found.config);
    expect(await asking.discover(PodKind)).to.deep.equal(['pods', 'pods/resize']);
    await asking.discover(Deployment);
    expect(found.requests.map(({ method, url }) => `${method} ${url.pathname}`)).to.deep.equal([
      'GET /api/v1',
      'GET /apis/apps/v1',
    ]);
    await asking.close();
    await found.close();
  });

  it('replaces, reads subresources and deletes many', async () => {
    const object = { metadata: { ...web, resourceVersion: '7' }, spec: { replicas: 2 } };
    await client.update(Deployment, object, { fieldManager: 'me', dryRun: true });
    expect(last()).to.deep.include({
      method: 'PUT',
      path: '/apis/apps/v1/namespaces/default/deployments/web',
      query: { fieldManager: 'me', dryRun: 'All' },
      body: { apiVersion: 'apps/v1', kind: 'Deployment', ...object },
    });
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: web, spec: { replicas: 3 } };
    await client.update(Deployment, scale, { subresource: 'scale' });
    expect(last()).to.deep.include({ path: '/apis/apps/v1/namespaces/default/deployments/web/scale', body: scale });
    expect(await client.get(Deployment, web, { subresource: 'scale' })).to.have.property('kind', 'Thing');
    expect(last().path).to.equal('/apis/apps/v1/namespaces/default/deployments/web/scale');
    await client.deleteCollection(PodKind, { namespace: 'default', labelSelector: 'a=b', dryRun: true });
    expect(last()).to.deep.include({
      method: 'DELETE',
      path: '/api/v1/namespaces/default/pods',
      query: { labelSelector: 'a=b' },
      body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: {}, dryRun: ['All'] },
    });
  });

  it('writes again when there was nobody to write to', async () => {
    const down = await fakeServer((_, response) => sendJson(response, 201, { metadata: {} }));
    const address = new URL(down.config.server);
    await down.close();
    const other = createClient(down.config, { retry: { withinMs: 50, attempts: 20 } });
    try {
      const created = other.create(Namespace, { metadata: { name: 'a' } });
      await new Promise((resolve) => setTimeout(resolve, 20));
      const up = createServer((_, response) => void response.end('{"metadata":{"name":"a"}}'));
      await once(up.listen(Number(address.port), address.hostname), 'listening');
      expect((await created).metadata.name).to.equal('a');
      up.closeAllConnections();
      up.close();
    } finally {
      await other.close();
    }
  });

  it('refuses to guess a namespace', async () => {
    expect(await failure(client.get(PodKind, { name: 'web' }))).to.be.instanceOf(TypeError);
    expect(await failure(client.create(PodKind, { metadata: { name: 'web' } }))).to.be.instanceOf(TypeError);
    expect(server.requests).to.deep.equal([]);
  });

  it('names what was asked and what the server said', async () => {
    answers = [(_, response) => sendJson(response, 404, status(404, 'NotFound', 'deployments.apps "web" not found'))];
    const error = await failure(client.get(Deployment, web));
    expect(error).to.be.instanceOf(ApiError).with.property('code', 404);
    expect(String(error)).to.equal(
      'ApiError: get Deployment default/web: deployments.apps "web" not found (404 NotFound)',
    );
    expect([isNotFound(error), isConflict(error), isGone(error)]).to.deep.equal([true, false, false]);
  });

  it('takes a namesake in the place of the object that was meant for a conflict', async () => {
    const invalid = { kind: 'Status', code: 422, reason: 'Invalid', details: { causes: [{ field: 'metadata.uid' }] } };
    const other = { kind: 'Status', code: 422, reason: 'Invalid', details: { causes: [{ field: 'spec.replicas' }] } };
    answers = [(_, response) => sendJson(response, 422, invalid), (_, response) => sendJson(response, 422, other)];
    const apply = () => client.apply(Deployment, { metadata: { ...web, uid: 'old' } }, { fieldManager: 'me' });
    expect([isConflict(await failure(apply())), isConflict(await failure(apply()))]).to.deep.equal([true, false]);
  });

  it('tells a conflict from an object that exists, and takes answers that are no Status', async () => {
    answers = [
      (_, response) => sendJson(response, 409, status(409, 'Conflict')),
      (_, response) => sendJson(response, 409, status(409, 'AlreadyExists')),
      (_, response) => void response.writeHead(413).end('<html>too large</html>'),
    ];
    const object = { metadata: { name: 'a' } };
    expect(isConflict(await failure(client.create(Namespace, object)))).to.equal(true);
    const exists = await failure(client.create(Namespace, object));
    expect([isConflict(exists), isAlreadyExists(exists)]).to.deep.equal([false, true]);
    expect(await failure(client.create(Namespace, object))).to.have.property(
      'message',
      'create Namespace a: <html>too large</html> (413)',
    );
  });

  const broken: [string, Handler][] = [
    ['a reset', (_, response) => void response.destroy()],
    ['a 500', (_, response) => sendJson(response, 500, status(500, 'InternalError'))],
    ['a 429', (_, response) => sendJson(response, 429, status(429, 'TooManyRequests'))],
    [
      'an answer cut short',
      (_, response) => void response.writeHead(200, { 'content-length': 100 }).write('{', () => response.destroy()),
    ],
  ];
  for (const [what, answer] of broken) {
    it(`reads again after ${what}, and does not write again`, async () => {
      answers = [answer, answer];
      await client.get(PodKind, web);
      expect(server.requests).to.have.length(3);
      answers = [answer];
      await failure(client.create(Namespace, { metadata: { name: 'a' } }));
      expect(server.requests).to.have.length(4);
      answers = [answer];
      await failure(client.patch(PodKind, web, {}, { type: 'merge' }));
      expect(server.requests).to.have.length(5);
    });
  }

  it('writes again when the server says that it did not take it and when to come back', async () => {
    answers = [(_, response) => sendJson(response, 429, status(429, 'TooManyRequests'), { 'retry-after': '0.01' })];
    await client.create(Namespace, { metadata: { name: 'a' } });
    expect(server.requests).to.have.length(2);
  });

  it('asks before each write goes out, retries and dry runs too, and throws what it was told', async () => {
    let asked = 0;
    let leads = true;
    const reason = new ConnectionError('lease', 'lost');
    const beforeWrite = () => {
      asked += 1;
      if (!leads) throw reason;
    };
    const counted = createMetrics();
    const guarded = createClient(server.config, { metrics: counted, retry: { withinMs: 2 }, beforeWrite });
    const again: Handler = (_, response) => {
      leads = asked < 3;
      sendJson(response, 429, status(429, 'TooManyRequests'), { 'retry-after': '0.01' });
    };
    try {
      await guarded.get(PodKind, web);
      await guarded.list(PodKind);
      expect(asked).to.equal(0);
      answers = [again];
      await guarded.apply(Deployment, { metadata: web }, { fieldManager: 'me', dryRun: true });
      expect([asked, server.requests.length]).to.deep.equal([2, 4]);
      answers = [again];
      expect(await failure(guarded.delete(PodKind, web))).to.equal(reason);
      expect([asked, server.requests.length]).to.deep.equal([4, 5]);
      expect(await failure(guarded.create(Namespace, { metadata: { name: 'a' } }))).to.equal(reason);
      expect(await failure(guarded.createSubresource(PodKind, web, 'eviction', {}))).to.equal(reason);
      expect(await failure(guarded.patch(PodKind, web, {}, { type: 'merge' }))).to.equal(reason);
      await guarded.get(PodKind, web);
      expect([asked, server.requests.length]).to.deep.equal([7, 6]);
      expect(await counted.registry.metrics()).not.to.contain('code="<error>"');
    } finally {
      await guarded.close();
    }
  });

  it('gives up after some tries, and at once when the server wants a longer wait than there is time', async () => {
    answers = Array.from({ length: 9 }, () => (_, response) => sendJson(response, 503, status(503, 'Unavailable')));
    expect(await failure(client.get(PodKind, web))).to.have.property('code', 503);
    expect(server.requests).to.have.length(5);
    answers = [(_, response) => sendJson(response, 429, status(429, 'TooManyRequests'), { 'retry-after': '60' })];
    expect(await failure(client.get(PodKind, web))).to.have.property('retryAfterMs', 60_000);
    expect(server.requests).to.have.length(6);
  });

  it('ends a call at its deadline and at its signal', async () => {
    answers = [() => undefined, () => undefined];
    const late = await failure(client.get(PodKind, web, { timeoutMs: 20 }));
    expect(late)
      .to.be.instanceOf(ConnectionError)
      .with.property('message', 'get Pod default/web: no answer within 0.02 s');
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 5);
    expect(await failure(client.get(PodKind, web, { signal: controller.signal }))).to.equal(reason);
  });

  it('ends a call at its deadline also where there is no connection yet, and sends nothing later', async () => {
    let greeted = 0;
    // Takes connections, and never shakes hands.
    const silent = createNetServer((socket) => socket.on('data', () => (greeted += 1)).on('error', () => undefined));
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const waiting = createClient({ ...server.config, server: `https://127.0.0.1:${port}` });
    // Enough to connect and to greet, on a machine that does much else.
    const timeoutMs = 250 * patience;
    const began = performance.now();
    const error = await failure(waiting.create(Namespace, { metadata: { name: 'shop' } }, { timeoutMs }));
    expect(performance.now() - began).to.be.below(timeoutMs + 1950);
    const said = `no answer within ${String(timeoutMs / 1000)} s`;
    expect(error).to.be.instanceOf(ConnectionError).with.property('message').that.includes(said);
    await waiting.close();
    silent.close();
    // The greeting of TLS.
    expect(greeted).to.equal(1);
  });

  it('reads watches whose lines and characters are cut anywhere', async () => {
    const text = ['ADDED', 'MODIFIED', 'BOOKMARK']
      .map((type) => JSON.stringify({ type, object: { metadata: { name: 'größe-日本-🐙', resourceVersion: '7' } } }))
      .join('\n');
    const bytes = Buffer.from(`${text}\n`);
    answers = [
      async (_, response) => {
        response.writeHead(200);
        for (let start = 0; start < bytes.length; start += 3) {
          response.write(bytes.subarray(start, start + 3));
          if (start % 30 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        response.end();
      },
    ];
    const events: WatchEvent<{ metadata: { name: string } }>[] = [];
    for await (const event of client.watch(PodKind, { resourceVersion: '1' })) events.push(event);
    expect(events.map(({ type }) => type)).to.deep.equal(['ADDED', 'MODIFIED', 'BOOKMARK']);
    expect(events[1]).to.deep.nested.include({ 'object.kind': 'Pod', 'object.metadata.name': 'größe-日本-🐙' });
    expect(last().query).to.deep.equal({ resourceVersion: '1', watch: 'true' });
  });

  it('lets go of a watch that its reader leaves', async () => {
    let left = false;
    answers = [
      (_, response) => {
        response.on('close', () => (left = true));
        response.write('{"type":"ADDED","object":{"metadata":{}}}\n{"type":"ADDED","object":{"metadata":{}}}\n');
      },
    ];
    for await (const event of client.watch(PodKind, { resourceVersion: '1' })) {
      expect(event.type).to.equal('ADDED');
      break;
    }
    await until(() => left);
  });

  it('keeps its connections, and counts under the names of client-go', async () => {
    const before = server.connections;
    await client.get(PodKind, web);
    for (let call = 0; call < 50; call += 1) await client.get(PodKind, web);
    for (let call = 0; call < 5; call += 1) await client.delete(PodKind, web, { uid: 'u-1' });
    expect(server.connections - before).to.be.at.most(1);
    const text = await metrics.registry.metrics();
    const host = new URL(server.config.server).host;
    expect(text).to.match(new RegExp(`rest_client_requests_total\\{code="200",method="GET",host="${host}"\\} \\d+`));
    expect(text).to.contain(`rest_client_requests_total{code="<error>",method="POST",host="${host}"}`);
    expect(text).to.contain(`rest_client_request_duration_seconds_count{verb="GET",host="${host}"}`);
  });
});
