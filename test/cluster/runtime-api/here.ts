import { Namespace, type Kind, type KubeObject } from 'optipod/kube';
import { expect } from 'chai';
import { createClient, loadClusterConfig, type KubeClient } from '../../../operator/runtime/index.js';
import { sharedCluster, type Cluster } from '../../kit/index.js';

export type Data = Readonly<Record<string, string>>;

export const ConfigMaps: Kind<KubeObject & { readonly data?: Data }> = {
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  scope: 'Namespaced',
};

/** What waits for a watch looks this often. */
export const soon = { everyMs: 10 };

/** A real control plane, and what a test has running there. */
export interface Here {
  readonly cluster: Cluster;
  readonly client: KubeClient;
  /** Ends what a test has running; every test has one of its own. */
  readonly stop: AbortController;
  /** What a test waits for at its end. */
  readonly running: Promise<unknown>[];
}

/** Hooks for the suite that calls it: it has a client, and a namespace of its own. */
export function inNamespace(namespace: string): Here {
  let cluster: Cluster | undefined;
  let client: KubeClient | undefined;
  let stop = new AbortController();
  let running: Promise<unknown>[] = [];
  before(async () => {
    cluster = await sharedCluster('control-plane');
    client = createClient(await loadClusterConfig({ kubeconfig: cluster.kubeconfig }));
    await client.create(Namespace, { metadata: { name: namespace } });
  });
  after(async () => {
    await client?.delete(Namespace, { name: namespace });
    await client?.close();
  });
  beforeEach(() => {
    stop = new AbortController();
    running = [];
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(running);
  });
  return {
    get cluster() {
      return started(cluster);
    },
    get client() {
      return started(client);
    },
    get stop() {
      return stop;
    },
    get running() {
      return running;
    },
  };
}

function started<T>(it: T | undefined): T {
  if (it === undefined) throw new Error('there is a cluster from the first test on');
  return it;
}

export async function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail('did not fail'),
    (error: unknown) => error,
  );
}
