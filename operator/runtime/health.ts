import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import type { Component } from './component.js';

export interface HealthServerOptions {
  /** @default all interfaces */
  readonly host?: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Everything that readiness depends on, as it is now. */
  readonly checks: () => Promise<readonly HealthCheck[]>;
  readonly registry: Registry;
}

/** One condition of readiness. */
export interface HealthCheck {
  readonly name: string;
  readonly ok: boolean;
}

export interface HealthServer extends Component {
  readonly role: 'server';
  /** Where it listens, once it does; rejects where it cannot. */
  readonly listening: Promise<AddressInfo>;
}

/** How long a stop waits for answers under way. */
const LONGEST_ANSWER_MS = 1000;

interface Answer {
  readonly code: number;
  readonly text: string;
  readonly type?: string;
}

/**
 * Plain HTTP for kubelet and Prometheus: `/healthz` (the process answers), `/readyz` (200 or 503; every check with its state
 * where one fails or the query says `verbose`, as kube-apiserver writes them), `/metrics`.
 */
export function createHealthServer({ host, port, checks, registry }: HealthServerOptions): HealthServer {
  const paths: Readonly<Record<string, (query: URLSearchParams) => Answer | Promise<Answer>>> = {
    '/healthz': () => ({ code: 200, text: 'ok\n' }),
    '/readyz': async (query) => readiness(await checks(), query.has('verbose')),
    '/metrics': async () => ({ code: 200, text: await registry.metrics(), type: registry.contentType }),
  };

  async function answer(request: IncomingMessage): Promise<Answer> {
    const [path = '', query] = (request.url ?? '').split('?', 2);
    const respond = Object.hasOwn(paths, path) ? paths[path] : undefined;
    if (!respond) return { code: 404, text: 'not found\n' };
    if (request.method !== 'GET' && request.method !== 'HEAD') return { code: 405, text: 'method not allowed\n' };
    return respond(new URLSearchParams(query));
  }

  function write(response: ServerResponse, { code, text, type = 'text/plain; charset=utf-8' }: Answer): void {
    response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
  }

  const server = createServer((request, response) => {
    answer(request)
      .then((found) => write(response, found))
      .catch((error: unknown) => write(response, { code: 500, text: `${String(error)}\n` }));
  });
  const listening = once(server, 'listening').then(() => server.address() as AddressInfo);
  // Whoever runs the server is told of the failure anyway.
  listening.catch(() => undefined);

  return {
    role: 'server',
    name: 'health',
    listening,
    async run(signal) {
      server.listen({ port, host });
      await listening;
      if (!signal.aborted) await once(signal, 'abort');
      const closed = once(server, 'close');
      // Also ends idle connections; an answer under way is finished.
      server.close();
      // Node.js counts a connection that never sent a request as busy. No answer here takes this long.
      const late = setTimeout(() => server.closeAllConnections(), LONGEST_ANSWER_MS);
      await closed;
      clearTimeout(late);
    },
  };
}

function readiness(checks: readonly HealthCheck[], verbose: boolean): Answer {
  const ready = checks.every(({ ok }) => ok);
  if (ready && !verbose) return { code: 200, text: 'ok\n' };
  const lines = checks.map(({ name, ok }) => (ok ? `[+]${name} ok\n` : `[-]${name} failed\n`)).join('');
  return { code: ready ? 200 : 503, text: `${lines}readyz check ${ready ? 'passed' : 'failed'}\n` };
}
