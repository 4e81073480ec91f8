import { X509Certificate, createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
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
  /**
   * Another component, for the same manager: goes on serving for a while after the stop, with caches that are kept up to
   * date, since kube-apiserver sends requests until it has heard that this server is going.
   */
  readonly drain: Component;
}

export interface AdmissionServerOptions {
  readonly port: number;
  readonly host?: string;
  /** How long to go on serving after the stop, with `drain`. @default 5000 */
  readonly drainMs?: number;
}

export function admissionServer(
  app: FetchApp,
  { drainMs = 5000, ...options }: AdmissionServerOptions,
): AdmissionServer {
  let server: TlsServer | undefined;
  let starting: Promise<TlsServer> | undefined;
  let running: AbortSignal | undefined;
  let waiting: ServingCertificate | undefined;
  let fail: (error: unknown) => void = () => undefined;

  async function use(certificate: ServingCertificate): Promise<void> {
    assertPair(certificate);
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
      // It cannot listen: another certificate would not help.
      fail(error);
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
      const failed = new Promise<never>((_resolve, reject) => (fail = reject));
      // It may come when nobody waits for it any more.
      failed.catch(() => undefined);
      if (waiting) await use(waiting);
      if (!signal.aborted) await Promise.race([once(signal, 'abort'), failed]);
      await (await starting)?.close();
    },
    drain: {
      role: 'controller',
      name: 'admission-drain',
      lingerMs: drainMs,
      async run(signal) {
        if (!signal.aborted) await once(signal, 'abort');
        if (!server) return;
        server.retire();
        await pause(drainMs);
      },
    },
  };
}

/** @throws for what could not be served, before anything is changed. */
function assertPair({ cert, key }: ServingCertificate): void {
  createSecureContext({ cert, key });
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    throw new Error('the certificate and the key do not belong together');
  }
}
