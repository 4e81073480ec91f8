import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
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
  const server = createServer(
    {
      ...certificate,
      minVersion: 'TLSv1.2',
      // kube-apiserver keeps idle connections for 90 s; closing them first makes it run into resets.
      keepAliveTimeout: 120_000,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
    },
    listener(app),
  );
  await listen(server, port, host);
  return {
    port: (server.address() as AddressInfo).port,
    use: (next) => {
      server.setSecureContext({ ...next, minVersion: 'TLSv1.2' });
    },
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => {
          if (error) reject(error);
          else resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

function listener(app: FetchApp): (...args: Parameters<ReturnType<typeof getRequestListener>>) => void {
  const handle = getRequestListener((request, env) => app.fetch(request, env));
  return (incoming, outgoing) => {
    void handle(incoming, outgoing);
  };
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
