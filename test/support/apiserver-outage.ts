import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Cluster, type Component, waitFor } from '../kit/index.js';
import { startComponent } from '../kit/process.js';
import { isOk } from '../kit/request.js';

/** The kube-apiserver of a cluster, to be killed and started again. */
export interface Outages {
  /**
   * Kills it (-9), starts it again, and resolves when it is ready.
   * @param compact has etcd forget all versions but the last, while nobody looks
   */
  outage(downMs: number, compact: boolean): Promise<void>;
  /** Ends the one that was started last; the cluster does not know it. */
  stop(): Promise<void>;
}

export function outagesOf(cluster: Cluster): Outages {
  const first = cluster.components.get('kube-apiserver');
  if (!first) throw new Error('this process did not start the cluster');
  const { argv, logFile } = first;
  const etcd = argv.find((argument) => argument.startsWith('--etcd-servers='))?.split('=')[1] ?? '';
  let apiserver: Component = first;

  async function ask(path: string, body: object): Promise<{ readonly header: { readonly revision: string } }> {
    const response = await fetch(`${etcd}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd answered ${String(response.status)}: ${await response.text()}`);
    return (await response.json()) as { readonly header: { readonly revision: string } };
  }

  async function compactAll(): Promise<void> {
    const { header } = await ask('range', { key: Buffer.from('/').toString('base64'), limit: 1 });
    await ask('compaction', { revision: header.revision, physical: true });
  }

  return {
    async outage(downMs, compact) {
      apiserver.signal('SIGKILL');
      await apiserver.stop(0);
      if (compact) await compactAll();
      await pause(downMs);
      apiserver = startComponent({ name: 'kube-apiserver', argv: [...argv], logFolder: dirname(logFile) });
      const admin = { ca: cluster.ca, cert: cluster.clientCert, key: cluster.clientKey };
      await waitFor('kube-apiserver', () => (apiserver.assertRunning(), isOk(`${cluster.server}/readyz`, admin)));
    },
    stop: () => apiserver.stop(3000),
  };
}
