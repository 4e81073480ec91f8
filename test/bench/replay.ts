import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { ClusterConfig } from '../../operator/runtime/index.js';

/** A server that speaks as kube-apiserver does, in a process of its own. */
export interface Replay {
  readonly config: ClusterConfig;
  /** Base64 of the CA, for a kubeconfig. */
  readonly caData: string;
  /** How many objects of each kind there are from now on. */
  setObjects(count: number): Promise<void>;
  /** Has that many pods change; as fast as all watches take it, where there is no rate. */
  emit(count: number, perSecond?: number): Promise<void>;
  counts(): Promise<{ readonly connections: number; readonly watches: number }>;
  stop(): Promise<void>;
}

export async function startReplay(): Promise<Replay> {
  const child = fork(join(import.meta.dirname, 'replay-server.ts'), { execArgv: ['--import', 'tsx'] });
  const [{ port, ca }] = (await once(child, 'message')) as [{ readonly port: number; readonly ca: string }];
  const server = `https://127.0.0.1:${String(port)}`;
  const config: ClusterConfig = {
    server,
    namespace: 'default',
    tls: { ca },
    authorization: () => Promise.resolve('Bearer token'),
  };
  const { Agent, request } = await import('undici');
  // One, which is there before anything is counted.
  const control = new Agent({ connections: 1, connect: { ca } });
  const ask = async (path: string) => (await request(`${server}${path}`, { dispatcher: control })).body.json();
  return {
    config,
    caData: Buffer.from(ca).toString('base64'),
    async setObjects(count) {
      await ask(`/objects?count=${String(count)}`);
    },
    async emit(count, perSecond = 0) {
      await ask(`/emit?count=${String(count)}&rate=${String(perSecond)}`);
    },
    counts: async () => (await ask('/counts')) as { connections: number; watches: number },
    async stop() {
      await control.destroy();
      child.kill();
      await once(child, 'exit');
    },
  };
}
