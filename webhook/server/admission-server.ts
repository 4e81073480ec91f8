import { once } from 'node:events';
import type { Component } from '@optipod/operator/runtime';
import { serveTls, type FetchApp, type ServingCertificate, type TlsServer } from './tls.js';

/** The admission server as a component of a manager. It listens once it has a certificate, and can be given another. */
export interface AdmissionServer extends Component {
  readonly role: 'server';
  /** @throws for a certificate and a key that do not belong together; the one before stays in use. */
  use(certificate: ServingCertificate): Promise<void>;
  /** Whether it serves. */
  readonly serving: boolean;
  /** Where it listens; undefined before it does. */
  readonly port: number | undefined;
}

export function admissionServer(
  app: FetchApp,
  options: { readonly port: number; readonly host?: string },
): AdmissionServer {
  let server: TlsServer | undefined;
  let starting: Promise<TlsServer> | undefined;
  let running: AbortSignal | undefined;
  let waiting: ServingCertificate | undefined;

  async function use(certificate: ServingCertificate): Promise<void> {
    if (!running || running.aborted) {
      waiting = certificate;
      return;
    }
    if (starting) {
      (await starting).use(certificate);
      return;
    }
    starting = serveTls(app, { ...options, certificate });
    try {
      server = await starting;
    } catch (error) {
      starting = undefined;
      throw error;
    }
  }

  return {
    role: 'server',
    name: 'admission',
    get serving() {
      return server !== undefined && running?.aborted === false;
    },
    get port() {
      return server?.port;
    },
    use,
    async run(signal) {
      running = signal;
      if (waiting) await use(waiting);
      if (!signal.aborted) await once(signal, 'abort');
      await server?.close();
    },
  };
}
