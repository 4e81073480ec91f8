import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A request as it came. */
export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  /** The parameters, of a form or of the URL. */
  readonly parameters: URLSearchParams;
}

/** An HTTP server that answers as the test says. */
export interface AnsweringServer {
  readonly url: string;
  readonly asked: readonly Asked[];
  /** The most requests that were under way at a time. */
  readonly most: number;
  behave(answer: (asked: Asked, response: ServerResponse) => unknown): void;
  close(): Promise<void>;
}

/**
 * @param tls for HTTPS, whose certificate is for localhost
 * @param host where it listens
 */
export async function answeringServer(tls?: ServerOptions, host = '127.0.0.1'): Promise<AnsweringServer> {
  let answer: (asked: Asked, response: ServerResponse) => unknown = (_, response) => response.end();
  const asked: Asked[] = [];
  let running = 0;
  let most = 0;
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    running += 1;
    most = Math.max(most, running);
    response.once('close', () => (running -= 1));
    void text(request).then((body) => {
      const url = new URL(request.url ?? '/', 'http://server');
      const parameters = request.method === 'POST' ? new URLSearchParams(body) : url.searchParams;
      const one = { method: request.method ?? '', url, headers: request.headers, parameters };
      asked.push(one);
      return answer(one, response);
    });
  };
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  await once(server.listen(0, host), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: tls ? `https://localhost:${port}` : `http://${host}:${port}`,
    asked,
    get most() {
      return most;
    },
    behave: (next) => (answer = next),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
