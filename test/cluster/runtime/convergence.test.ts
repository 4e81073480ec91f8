import { Namespace } from 'optipod/kube';
import fc from 'fast-check';
import {
  type ClusterConfig,
  type KubeClient,
  createClient,
  loadClusterConfig,
} from '../../../operator/runtime/index.js';
import { type Cluster, sharedCluster } from '../../kit/index.js';
import { COMMANDS, type Model, World, proxyOf } from '../../support/convergence.js';

const RUNS = process.env.OPTIPOD_TRIES ? 500 : 15;
const seed = Number(process.env.OPTIPOD_SEED ?? Date.now() % 2 ** 31);
const namespace = 'convergence';

describe('convergence', function () {
  this.timeout(RUNS * 20_000);
  let cluster: Cluster;
  let config: ClusterConfig;
  let direct: KubeClient;

  before(async () => {
    cluster = await sharedCluster('control-plane');
    config = await loadClusterConfig({ kubeconfig: cluster.kubeconfig });
    direct = createClient(config);
    await direct.create(Namespace, { metadata: { name: namespace } });
  });
  after(async () => {
    await direct.delete(Namespace, { name: namespace });
    await direct.close();
  });

  it('comes to what kube-apiserver has, whatever befalls its connections and its clock', async () => {
    console.error(`convergence: ${String(RUNS)} runs; again with OPTIPOD_SEED=${String(seed)}`);
    const met = new Map<string, number>();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.commands([...COMMANDS], { maxCommands: 60, size: 'max' }), async (commands) => {
        const proxy = await proxyOf(cluster);
        const world = new World(config, proxy, direct, namespace, `r${String((run += 1))}`);
        try {
          const model: Model = { objects: new Map() };
          await fc.asyncModelRun(() => ({ model, real: world }), commands);
          await world.converge(15_000);
        } finally {
          await world.close();
          await proxy.close();
          for (const [what, times] of proxy.met) met.set(what, (met.get(what) ?? 0) + times);
        }
      }),
      // A smaller example is worth less than the time it takes: what happens is never quite the same twice.
      { numRuns: RUNS, seed, endOnFailure: true },
    );
    console.error(`convergence: met ${[...met].map(([what, times]) => `${what} ${String(times)}`).join(', ')}`);
  });
});
