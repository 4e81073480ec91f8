import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { Agent, request as send } from 'undici';

/** What a request is for. */
export type Sort = 'list' | 'watch' | 'write';

/**
 * How one request goes wrong: `reset` before it was done, `lost` after it was (nobody hears the answer), a status, an ERROR in
 * a watch, a watch that ends within a line.
 */
export type Fault =
  | 'reset'
  | 'lost'
  | 'status-410'
  | 'status-429'
  | 'status-500'
  | 'status-503'
  | 'event-410'
  | 'event-500'
  | 'half-line';

/**
 * How watches deliver: as they should; each event twice; late; or not at all. A connection that lost an event is cut sooner or
 * later: TCP delivers what it delivers in order and whole, so that nobody can lose one event and hear the next.
 */
export type Delivery = 'whole' | 'twice' | 'late' | 'lost';

export interface FaultProxyOptions {
  /** The kube-apiserver, https. */
  readonly target: string;
  readonly ca: string;
  /** As whom everything is asked. */
  readonly clientCert: string;
  readonly clientKey: string;
  /** What the proxy shows as its own, PEM. */
  readonly cert: string;
  readonly key: string;
}

/** A server between a client and a kube-apiserver that does to their connections what networks and servers do. */
export interface FaultProxy {
  readonly url: string;
  /** How often each fault was met. */
  readonly met: ReadonlyMap<string, number>;
  /** The next requests of that sort, one each. */
  fail(sort: Sort, ...faults: readonly Fault[]): void;
  deliver(how: Delivery): void;
  /** Resets every connection. */
  cut(): void;
  /** From now on nothing passes on the connections that are open, and they do not end: the other side is gone without a word. */
  freeze(): void;
  /** No more faults: what was held is delivered, connections that lost something are cut. Frozen ones stay as they are. */
  heal(): void;
  close(): Promise<void>;
}

interface Watch {
  readonly response: ServerResponse;
  readonly held: string[];
  hasLost: boolean;
}

export async function startFaultProxy(options: FaultProxyOptions): Promise<FaultProxy> {
  const { target, ca, cert, key, clientCert, clientKey } = options;
  const upstream = new Agent({ headersTimeout: 0, bodyTimeout: 0, connect: { ca, cert: clientCert, key: clientKey } });
  const faults: Readonly<Record<Sort, Fault[]>> = { list: [], watch: [], write: [] };
  const met = new Map<string, number>();
  const sockets = new Set<Socket>();
  /** The TCP connections below them, by the other side's port: only those can be reset. */
  const connections = new Map<number, Socket>();
  const frozen = new WeakSet<Socket>();
  const watches = new Set<Watch>();
  let delivery: Delivery = 'whole';

  const count = (what: string) => met.set(what, (met.get(what) ?? 0) + 1);

  function reset(socket: Socket | null): void {
    connections.get(socket?.remotePort ?? 0)?.resetAndDestroy();
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', socket } = request;
    const body = await buffer(request);
    const sort = method !== 'GET' ? 'write' : url.includes('watch=true') ? 'watch' : 'list';
    const fault = faults[sort].shift();
    if (fault) count(`${sort} ${fault}`);
    if (frozen.has(socket)) return;
    if (fault === 'reset') {
      reset(socket);
      return;
    }
    if (fault?.startsWith('status-')) {
      refuse(response, Number(fault.slice(7)));
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const { accept, 'content-type': type } = request.headers;
    const answered = await send(`${target}${url}`, {
      dispatcher: upstream,
      method,
      headers: { ...(accept ? { accept } : {}), ...(type ? { 'content-type': type } : {}) },
      ...(body.length > 0 ? { body } : {}),
      // What a client no longer waits for is done all the same.
      ...(sort === 'write' ? {} : { signal: gone.signal }),
    });
    const headers = { 'content-type': String(answered.headers['content-type']) };
    if (sort === 'watch' && answered.statusCode === 200) {
      response.writeHead(200, headers).flushHeaders();
      await relay(answered.body, response, fault);
      return;
    }
    const text = Buffer.from(await answered.body.arrayBuffer());
    if (fault === 'lost') reset(socket);
    else if (!frozen.has(socket)) response.writeHead(answered.statusCode, headers).end(text);
  }

  async function relay(stream: AsyncIterable<Uint8Array>, response: ServerResponse, fault: Fault | undefined) {
    if (fault?.startsWith('event-')) {
      response.end(`${JSON.stringify({ type: 'ERROR', object: status(Number(fault.slice(6))) })}\n`);
      return;
    }
    if (fault === 'half-line') {
      response.end('{"type":"MODIFIED","object":{"metadata":{"na');
      return;
    }
    const watch: Watch = { response, held: [], hasLost: false };
    watches.add(watch);
    response.once('close', () => watches.delete(watch));
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) pass(watch, `${line}\n`);
    }
    if (!isSilent(watch)) response.end();
  }

  const isSilent = ({ response }: Watch) => response.socket !== null && frozen.has(response.socket);

  function pass(watch: Watch, line: string): void {
    if (isSilent(watch)) return;
    count('event');
    if (delivery !== 'whole') count(`event ${delivery}`);
    if (delivery === 'lost') watch.hasLost = true;
    if (watch.hasLost) return;
    if (delivery === 'late') watch.held.push(line);
    else watch.response.write(delivery === 'twice' ? line + line : line);
  }

  function deliver(how: Delivery): void {
    delivery = how;
    for (const watch of watches) {
      if (how !== 'late' && !isSilent(watch)) for (const line of watch.held.splice(0)) watch.response.write(line);
      if (how !== 'lost' && watch.hasLost && !isSilent(watch)) reset(watch.response.socket);
    }
  }

  const server = createServer({ cert, key }, (request, response) => {
    answer(request, response).catch(() => request.socket.destroy());
  });
  server.on('connection', (socket: Socket) => {
    const { remotePort = 0 } = socket;
    connections.set(remotePort, socket);
    socket.once('close', () => connections.delete(remotePort));
  });
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => sockets.delete(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');

  return {
    url: `https://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    met,
    fail: (sort, ...more) => void faults[sort].push(...more),
    deliver,
    cut() {
      count('cut');
      for (const socket of sockets) if (!frozen.has(socket)) reset(socket);
    },
    freeze() {
      count('freeze');
      for (const socket of sockets) frozen.add(socket);
    },
    heal() {
      for (const sort of Object.values(faults)) sort.length = 0;
      deliver('whole');
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await Promise.all([once(server, 'close'), upstream.destroy()]);
    },
  };
}

function refuse(response: ServerResponse, code: number): void {
  const headers = { 'content-type': 'application/json', ...(code === 429 ? { 'retry-after': '1' } : {}) };
  response.writeHead(code, headers).end(JSON.stringify(status(code)));
}

function status(code: number) {
  const reason = code === 410 ? 'Expired' : 'Fault';
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: 'injected' };
}
