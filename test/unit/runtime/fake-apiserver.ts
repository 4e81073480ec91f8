import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { ClusterConfig } from '../../../operator/runtime/index.js';

export interface SeenRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export type Handler = (request: SeenRequest, response: ServerResponse) => void | Promise<void>;

/** An HTTP server that answers as the test says, for what a real kube-apiserver cannot be made to do. */
export async function fakeServer(handler: Handler) {
  const requests: SeenRequest[] = [];
  const server = createServer((incoming, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      const request: SeenRequest = {
        method: incoming.method ?? '',
        url: new URL(incoming.url ?? '', 'http://server'),
        headers: incoming.headers,
        body: text === '' ? undefined : JSON.parse(text),
      };
      requests.push(request);
      await handler(request, response);
    })();
  });
  let connections = 0;
  server.on('connection', () => (connections += 1));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const config: ClusterConfig = {
    server: `http://127.0.0.1:${port}`,
    namespace: 'default',
    tls: {},
    authorization: () => Promise.resolve('Bearer token'),
  };
  return {
    config,
    requests,
    get connections() {
      return connections;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export function sendJson(response: ServerResponse, code: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export function status(code: number, reason: string, message = reason): unknown {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}

interface Stored {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly managedFields: readonly unknown[];
  };
  readonly data: string;
}

interface StoredEvent {
  readonly version: number;
  readonly type: string;
  readonly object: Stored;
}

/** How a request goes wrong (or, `none`, not): before its answer, or in the middle of a watch. */
export type Fault =
  'none' | 'reset' | 'status-500' | 'status-410' | 'status-404' | 'event-410' | 'event-500' | 'half-line' | 'end';

/** One kind, listed in pages and watched, with faults where the test puts them. */
export async function fakeKind() {
  const objects = new Map<string, Stored>();
  let history: StoredEvent[] = [];
  let version = 100;
  let oldest = 0;
  const listFaults: Fault[] = [];
  const watchFaults: Fault[] = [];
  const watches = new Set<ServerResponse>();

  const server = await fakeServer(async ({ url }, response) => {
    const fault = (url.searchParams.get('watch') === 'true' ? watchFaults : listFaults).shift();
    if (fault === 'reset') return void response.destroy();
    if (fault?.startsWith('status-')) {
      sendJson(response, Number(fault.slice(7)), status(Number(fault.slice(7)), 'Fault'));
      return;
    }
    if (url.searchParams.get('watch') !== 'true') {
      list(url, response);
      return;
    }
    const from = Number(url.searchParams.get('resourceVersion'));
    if (from < oldest) {
      sendJson(response, 410, status(410, 'Expired', 'too old resource version'));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
    watches.add(response);
    response.on('close', () => watches.delete(response));
    for (const event of history) if (event.version > from) response.write(line(event));
    if (fault?.startsWith('event-')) {
      const code = Number(fault.slice(6));
      response.end(`${JSON.stringify({ type: 'ERROR', object: status(code, 'Fault') })}\n`);
    }
    if (fault === 'end') response.end();
    if (fault === 'half-line') {
      response.write('{"type":"MODIFIED","object":{"metadata":{"na');
      await turn();
      response.end();
    }
  });

  function list(url: URL, response: ServerResponse): void {
    const all = [...objects.values()];
    const start = Number(url.searchParams.get('continue') ?? 0);
    const limit = Number(url.searchParams.get('limit') ?? all.length);
    const end = start + limit;
    sendJson(response, 200, {
      kind: 'ConfigMapList',
      metadata: { resourceVersion: String(version), ...(end < all.length ? { continue: String(end) } : {}) },
      items: all.slice(start, end),
    });
  }

  function emit(type: string, object: Stored): void {
    const event = { version, type, object };
    history.push(event);
    for (const response of watches) response.write(line(event));
  }

  return {
    ...server,
    listFaults,
    watchFaults,
    watches,
    set(name: string, data: string, uid = `uid-${name}`) {
      version += 1;
      const type = objects.has(name) ? 'MODIFIED' : 'ADDED';
      const metadata = { namespace: 'default', name, uid, resourceVersion: String(version), managedFields: [{}] };
      objects.set(name, { metadata, data });
      emit(type, { metadata, data });
      return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, creationTimestamp: '' }, data };
    },
    remove(name: string) {
      version += 1;
      const object = objects.get(name);
      if (!object) throw new Error(`no ${name}`);
      objects.delete(name);
      emit('DELETED', { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } });
    },
    bookmark() {
      version += 1;
      const object = { metadata: { resourceVersion: String(version) } };
      for (const response of watches) response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
      return String(version);
    },
    /** Raw bytes into every watch. */
    write(bytes: Buffer) {
      for (const response of watches) response.write(bytes);
    },
    /** Ends every watch as a server does whose time is up. */
    end() {
      for (const response of watches) response.end();
    },
    /** Cuts every watch without a word. */
    cut() {
      for (const response of watches) response.destroy();
    },
    /** Forgets what happened: watches from before are too old. */
    compact() {
      history = [];
      version += 1;
      oldest = version;
    },
    contents: () => Object.fromEntries([...objects.values()].map(({ metadata, data }) => [metadata.name, data])),
  };
}

function line({ type, object }: StoredEvent): string {
  return `${JSON.stringify({ type, object: { kind: 'ConfigMap', apiVersion: 'v1', ...object } })}\n`;
}

/** Waits until a condition holds; the test's own timeout is the limit. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
