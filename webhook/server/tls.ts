import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';

/** PEM. */
export interface ServingCertificate {
  readonly cert: string;
  readonly key: string;
}

export interface TlsServer {
  readonly port: number;
  /** Serves new connections with another certificate; those that are open go on. @throws for a pair that does not match. */
  use(certificate: ServingCertificate): void;
  /** Answers on, but has each client open its next connection elsewhere. */
  retire(): void;
  /** Stops accepting, finishes what is in flight. */
  close(): Promise<void>;
}

/** A Hono app, whatever its bindings. */
export interface FetchApp {
  fetch(request: Request, env: object): Response | Promise<Response>;
}

/** Serves an app over HTTPS on all of the pod's addresses. */
export async function serveTls(
  app: FetchApp,
  {
    port,
    host,
    certificate,
  }: { readonly port: number; readonly host?: string; readonly certificate: ServingCertificate },
): Promise<TlsServer> {
  let retired = false;
  const handle = getRequestListener(async (request, env) => {
    const response = await app.fetch(request, env);
    // Asked for when the answer is there: a request may take longer than the server is in service.
    if (retired) response.headers.set('connection', 'close');
    return response;
  });
  const server = createServer(
    {
      ...certificate,
      minVersion: 'TLSv1.2',
      // kube-apiserver keeps idle connections for 90 s; closing them first makes it run into resets.
      keepAliveTimeout: 120_000,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
    },
    (incoming, outgoing) => void handle(incoming, outgoing),
  );
  const connections = new Connections(server);
  await listen(server, port, host);
  return {
    port: (server.address() as AddressInfo).port,
    use: (next) => {
      server.setSecureContext({ ...next, minVersion: 'TLSv1.2' });
    },
    retire: () => {
      retired = true;
    },
    async close() {
      retired = true;
      const closed = once(server, 'close');
      server.close();
      await connections.end();
      await closed;
    },
  };
}

/**
 * A server's connections. Node.js counts one that has not sent a request yet (clients open them in advance) as busy, and
 * closing the server would wait for it.
 */
class Connections {
  readonly #sockets = new Set<Socket>();
  readonly #answering = new Set<ServerResponse>();

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.prependListener('request', (_request, response) => {
      this.#answering.add(response);
      response.once('close', () => this.#answering.delete(response));
    });
  }

  /** Ends them all once nothing is being answered any more. */
  async end(): Promise<void> {
    await Promise.allSettled([...this.#answering].map((response) => once(response, 'close')));
    for (const socket of this.#sockets) socket.destroy();
  }
}

function listen(server: Server, port: number, host: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
