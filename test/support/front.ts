import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

/** What to do with a request: pass it on, never answer, answer this, or something else than the answer; after a while, if so wanted. */
export type Behaviour =
  | 'forward'
  | 'hang'
  | { readonly afterMs?: number; readonly status?: number; readonly body?: string }
  | { readonly instead: (answer: string) => string };

/** A server in front of another, which can be told to misbehave. */
export interface Front {
  readonly url: string;
  /** How many requests came. */
  readonly requests: number;
  /** From now on. @param decide by the request's decoded body; 'forward' for all others */
  behave(decide: (body: string) => Behaviour): void;
  /** Nobody listens any more, as when a process has ended. */
  down(): Promise<void>;
  /** Listens again, where it did. */
  up(): Promise<void>;
}

const HOST = '127.0.0.1';

export async function startFront(target: string): Promise<Front> {
  let decide: (body: string) => Behaviour = () => 'forward';
  let requests = 0;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests += 1;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const body = await text(request);
    const behaviour = decide(decodeURIComponent(body.replaceAll('+', ' ')));
    if (behaviour === 'hang') return;
    if (behaviour === 'forward') return forward(request, body, response);
    if ('instead' in behaviour) return forward(request, body, response, behaviour.instead);
    const { afterMs = 0, status, body: said } = behaviour;
    await pause(afterMs, undefined, { signal: gone.signal }).catch(() => undefined);
    if (gone.signal.aborted) return;
    if (status === undefined) return forward(request, body, response);
    response.writeHead(status).end(said);
  }

  async function forward(
    { url = '/', method = 'GET', headers }: IncomingMessage,
    body: string,
    to: ServerResponse,
    instead = (answer: string) => answer,
  ) {
    const type = headers['content-type'];
    const answered = await fetch(new URL(url, target), {
      method,
      ...(method === 'GET' ? {} : { body }),
      ...(type === undefined ? {} : { headers: { 'content-type': type } }),
    });
    to.writeHead(answered.status, { 'content-type': answered.headers.get('content-type') ?? 'text/plain' });
    to.end(instead(await answered.text()));
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.writeHead(502).end(String(error)));
  });
  const listen = async (port: number) => {
    server.listen(port, HOST);
    await once(server, 'listening');
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${HOST}:${port}`,
    get requests() {
      return requests;
    },
    behave: (next) => (decide = next),
    async down() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
    up: async () => {
      if (!server.listening) await listen(port);
    },
  };
}
