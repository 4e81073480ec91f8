import { Agent, type Dispatcher } from 'undici';
import type { ClusterConfig, ClusterTls } from './config.js';

/** Connections to one server, made with the certificates of now. */
export interface Connections {
  current(): Promise<Dispatcher>;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

/** Where certificates changed, new requests go over new connections; what is under way ends on the old ones. */
export function createConnections(config: Pick<ClusterConfig, 'tls' | 'currentTls'>): Connections {
  let tls = config.tls;
  let agent = open(tls);
  const draining = new Set<Agent>();

  async function drain(old: Agent): Promise<void> {
    draining.add(old);
    await old.close();
    draining.delete(old);
  }

  return {
    async current() {
      const now = (await config.currentTls?.()) ?? config.tls;
      if (now !== tls) {
        void drain(agent);
        tls = now;
        agent = open(tls);
      }
      return agent;
    },
    async close() {
      await Promise.all([agent, ...draining].map((each) => each.destroy()));
    },
  };
}

function open(tls: ClusterTls): Agent {
  return new Agent({
    // kube-apiserver closes idle connections after 90 s.
    keepAliveTimeout: 60_000,
    // Each call has its own deadline.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { ...tls, keepAlive: true, keepAliveInitialDelay: 30_000 },
  });
}
