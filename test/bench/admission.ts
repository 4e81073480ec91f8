import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manifestsYaml } from 'optipod/install';
import { parseAllDocuments } from 'yaml';
import { createClient, loadClusterConfig, type KubeClient } from '../../operator/runtime/index.js';
import { bundleImage } from '../../tools/bundle.js';
import { ensurePackages } from '../kit/debian.js';
import { install, startCluster, type Cluster, type Manifest } from '../kit/index.js';
import { ensurePrograms } from '../kit/programs.js';
import { createAutoscalers, createDeployments, createStatefulSets, reviewOf } from './admission/objects.js';
import { certificate, startAutoscaler, startOptipod, type Server } from './admission/servers.js';
import { prepareLoad, type Load } from './admission/wrk.js';
import { median } from './measure.js';
import { installAutoscalers } from './vpa.js';

const OBJECTS = 500;
const MANY = 10_000;
const ROUNDS = 5;
const SECONDS = 5;
/** Just-in-time compilers, connections and caches. */
const WARM_UP_SECONDS = 8;
const CONNECTIONS = [1, 8];
const VPA = 'vpa-admission-controller';

/**
 * Reviews of pods over HTTPS beside the VerticalPodAutoscaler's admission-controller, both with 500 objects of a real
 * kube-apiserver in memory; and ours with 10,000.
 */
export async function admission(): Promise<string[]> {
  const progress = (line: string) => console.error(line);
  await ensurePackages('bench', { install: !process.env.OPTIPOD_KIT_NO_INSTALL, progress });
  const program = (await ensurePrograms([VPA], { progress })).get(VPA) ?? VPA;
  const folder = mkdtempSync(join(tmpdir(), 'admission-'));
  const worlds: World[] = [];
  const servers: Server[] = [];
  try {
    await bundleImage(join(folder, 'bundle'));
    const pair = await certificate();
    const start = (name: string, { cluster, client }: World) =>
      startOptipod(name, { program: join(folder, 'bundle/webhook.js'), cluster, client, pair, folder });

    const few = await startWorld('bench-few');
    worlds.push(few);
    const replicaSets = await createDeployments(few.client, OBJECTS);
    await installAutoscalers(few.cluster);
    await createAutoscalers(few.client, OBJECTS);
    await few.quiet();
    const load = prepareLoad(folder, replicaSets.map(reviewOf));
    const vpa = await startAutoscaler('vpa', program, { cluster: few.cluster, pair, folder });
    const ours = await start('optipod', few);
    servers.push(vpa, ours);

    const many = await startWorld('bench-many');
    worlds.push(many);
    const others = await createDeployments(many.client, OBJECTS);
    await many.quiet();
    await createStatefulSets(many.client, MANY - OBJECTS);
    const loadMany = prepareLoad(join(folder, 'bundle'), others.map(reviewOf));
    const oursMany = await start('optipod-many', many);
    servers.push(oursMany);

    const lines: string[] = [];
    for (const connections of CONNECTIONS) {
      const [peer, own, more] = await interleaved(
        [
          { server: vpa, load },
          { server: ours, load },
          { server: oursMany, load: loadMany },
        ],
        connections,
      );
      if (!peer || !own || !more) continue;
      const with8 = `${String(connections)} connection${connections === 1 ? '' : 's'}`;
      lines.push(
        `admission, ${with8}: ${told(own)}; VPA ${told(peer)}: ` +
          `${ratio(own.cpu, peer.cpu)} × its CPU, ${ratio(own.p99, peer.p99)} × its p99 (target 1.0, at most 1.25)`,
        `admission, ${with8}, ${MANY.toLocaleString('en')} workloads: ${told(more)}: ` +
          `${ratio(more.cpu, own.cpu)} × the CPU with ${String(OBJECTS)} (at most 1.1)`,
      );
    }
    return lines;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    for (const { client, cluster } of worlds) {
      await client.close();
      await cluster.stop();
    }
    rmSync(folder, { recursive: true });
  }
}

interface World {
  readonly cluster: Cluster;
  readonly client: KubeClient;
  /** Has nothing reconcile what there is. */
  quiet(): Promise<void>;
}

async function startWorld(name: string): Promise<World> {
  const cluster = await startCluster({ name });
  const client = createClient(await loadClusterConfig({ kubeconfig: cluster.kubeconfig }));
  const definitions = parseAllDocuments(manifestsYaml()).filter(
    (one) => one.get('kind') === 'CustomResourceDefinition',
  );
  await install(
    cluster,
    definitions.map((one) => one.toJS() as Manifest),
  );
  return {
    cluster,
    client,
    async quiet() {
      for (const manager of ['kube-controller-manager', 'kube-scheduler']) {
        await cluster.components.get(manager)?.stop(3000);
      }
    },
  };
}

/** Medians, all in milliseconds. */
interface Measured {
  /** For each review. */
  readonly cpu: number;
  readonly p50: number;
  readonly p99: number;
}

interface Tried {
  readonly server: Server;
  readonly load: (url: string, connections: number, seconds: number) => Promise<Load>;
}

/** In turns, so that all meet the same neighbours. */
async function interleaved(all: readonly Tried[], connections: number): Promise<Measured[]> {
  for (const { server, load } of all) await load(server.url, connections, WARM_UP_SECONDS);
  const rounds = all.map((): Measured[] => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, { server, load }] of all.entries()) {
      const before = server.cpuMs();
      const { reviews, p50, p99 } = await load(server.url, connections, SECONDS);
      rounds[index]?.push({ cpu: (server.cpuMs() - before) / reviews, p50, p99 });
    }
  }
  return rounds.map((measured) => ({
    cpu: median(measured.map(({ cpu }) => cpu)),
    p50: median(measured.map(({ p50 }) => p50)),
    p99: median(measured.map(({ p99 }) => p99)),
  }));
}

function told({ cpu, p50, p99 }: Measured): string {
  return `${cpu.toFixed(3)} ms CPU a review, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
}

function ratio(ours: number, theirs: number): string {
  return (ours / theirs).toFixed(2);
}
