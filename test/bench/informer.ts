import { CoreV1Api, KubeConfig, makeInformer } from '@kubernetes/client-node';
import { type Kind, type KubeObject, PodKind, ReplicaSet } from 'optipod/kube';
import { type Informer, type KubeClient, createClient, createInformer } from '../../operator/runtime/index.js';
import { heldBytes } from '../support/heap.js';
import { type Replay, startReplay } from './replay.js';

const EVENTS = 10_000;
const ROUNDS = 3;
const CALLS = 1_000;

/** Our informer beside that of @kubernetes/client-node, on the same bytes in one process, in turns. */
export async function informer(): Promise<string[]> {
  const replay = await startReplay();
  const client = createClient(replay.config);
  try {
    const peer = peerOf(replay);
    return [
      await cpuPerEvent(replay, client, peer),
      await connectionsPerCall(replay, peer),
      await memoryPerObject(client, peer),
      await metadataOnly(replay, client),
    ];
  } finally {
    await client.close();
    await replay.stop();
  }
}

interface Peer {
  readonly api: CoreV1Api;
  /** Starts its informer of pods. */
  watch(onUpdate: () => void): Promise<{ stop(): void; readonly size: number }>;
}

function peerOf({ config: { server }, caData }: Replay): Peer {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'c', server, caData }],
    users: [{ name: 'u', token: 'token' }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  });
  const api = config.makeApiClient(CoreV1Api);
  return {
    api,
    async watch(onUpdate) {
      const pods = makeInformer(config, '/api/v1/pods', () => api.listPodForAllNamespaces());
      pods.on('update', onUpdate);
      // It also calls its own stop an error.
      pods.on('error', () => undefined);
      await pods.start();
      return {
        stop: () => void pods.stop(),
        get size() {
          return pods.list().length;
        },
      };
    },
  };
}

interface Run {
  readonly signal: AbortController;
  readonly ended: Promise<void>;
}

async function start(informer: Informer<unknown>): Promise<Run> {
  const signal = new AbortController();
  const ended = informer.run(signal.signal);
  await informer.synced;
  return { signal, ended };
}

async function stop({ signal, ended }: Run): Promise<void> {
  signal.abort();
  await ended;
}

async function cpuPerEvent(replay: Replay, client: KubeClient, peer: Peer): Promise<string> {
  await replay.setObjects(1_000);
  const measured: { readonly ours: number[]; readonly peer: number[] } = { ours: [], peer: [] };
  /** Microseconds for each event that a watch of one gets. */
  const measure = async (begin: (seen: () => void) => Promise<() => unknown>) => {
    let seen = 0;
    const end = await begin(() => (seen += 1));
    await until(async () => (await replay.counts()).watches === 1);
    const before = process.cpuUsage();
    await replay.emit(EVENTS);
    await until(() => Promise.resolve(seen >= EVENTS));
    const { user, system } = process.cpuUsage(before);
    await end();
    await until(async () => (await replay.counts()).watches === 0);
    return (user + system) / EVENTS;
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    measured.ours.push(
      await measure(async (seen) => {
        const pods = createInformer(client, PodKind);
        pods.onEvent(({ type }) => {
          if (type === 'updated') seen();
        });
        const run = await start(pods);
        return () => stop(run);
      }),
    );
    measured.peer.push(
      await measure(async (seen) => {
        const pods = await peer.watch(seen);
        return () => {
          pods.stop();
        };
      }),
    );
  }
  const [ours, theirs] = [Math.min(...measured.ours), Math.min(...measured.peer)];
  return `watch event: ${ours.toFixed(1)} µs CPU, ${(ours / theirs).toFixed(2)} × client-node's ${theirs.toFixed(1)} µs`;
}

async function connectionsPerCall(replay: Replay, { api }: Peer): Promise<string> {
  const opened = async (call: () => Promise<unknown>) => {
    const before = (await replay.counts()).connections;
    for (let made = 0; made < CALLS; made += 1) await call();
    return (await replay.counts()).connections - before;
  };
  const fresh = createClient(replay.config);
  const ours = await opened(() => fresh.get(PodKind, { namespace: 'default', name: 'pod' }));
  await fresh.close();
  const theirs = await opened(() => api.readNamespacedPod({ namespace: 'default', name: 'pod' }));
  return `${String(CALLS)} calls: ${String(ours)} new TLS connections, client-node ${String(theirs)}`;
}

async function memoryPerObject(client: KubeClient, peer: Peer): Promise<string> {
  const held = async (begin: () => Promise<{ readonly size: number; end(): unknown }>) => {
    const before = await heldBytes();
    const cache = await begin();
    const bytes = (await heldBytes()) - before;
    const each = bytes / cache.size;
    await cache.end();
    return each;
  };
  const ours = await held(async () => {
    const pods = createInformer(client, PodKind);
    const run = await start(pods);
    return { size: pods.list().length, end: () => stop(run) };
  });
  const theirs = await held(async () => {
    const pods = await peer.watch(() => undefined);
    return { size: pods.size, end: () => pods.stop() };
  });
  return `cached pod: ${ours.toFixed(0)} bytes, ${(ours / theirs).toFixed(2)} × client-node's ${theirs.toFixed(0)}`;
}

async function metadataOnly(replay: Replay, client: KubeClient): Promise<string> {
  await replay.setObjects(10_000);
  const [before, rssBefore] = [await heldBytes(), process.memoryUsage.rss()];
  const kinds: readonly Kind[] = [PodKind, ReplicaSet];
  const informers = kinds.map((kind) => createInformer<KubeObject>(client, kind, { metadataOnly: true }));
  const runs = await Promise.all(informers.map(start));
  const held = (await heldBytes()) - before;
  const rss = process.memoryUsage.rss() - rssBefore;
  const sizes = informers.map((each) => each.list().length).join(' + ');
  await Promise.all(runs.map(stop));
  return `metadata of ${sizes} objects: ${mib(held)} MiB held, ${mib(rss)} MiB more resident`;
}

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
