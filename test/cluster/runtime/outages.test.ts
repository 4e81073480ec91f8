import { Namespace } from 'optipod/kube';
import { expect } from 'chai';
import fc from 'fast-check';
import {
  type ClusterConfig,
  type KubeClient,
  createClient,
  loadClusterConfig,
} from '../../../operator/runtime/index.js';
import { type Cluster, startCluster } from '../../kit/index.js';
import { type Outages, outagesOf } from '../../support/apiserver-outage.js';
import { COMMANDS, type Model, World, proxyOf } from '../../support/convergence.js';

const RUNS = process.env.OPTIPOD_TRIES ? 20 : 2;
const seed = Number(process.env.OPTIPOD_SEED ?? Date.now() % 2 ** 31);
const namespace = 'outages';

describe('outages', function () {
  this.timeout(60_000 + RUNS * 60_000);
  let cluster: Cluster;
  let outages: Outages;
  let config: ClusterConfig;
  let direct: KubeClient;

  before(async () => {
    cluster = await startCluster({ name: 'outages' });
    outages = outagesOf(cluster);
    config = await loadClusterConfig({ kubeconfig: cluster.kubeconfig });
    direct = createClient(config);
    await direct.create(Namespace, { metadata: { name: namespace } });
  });
  after(async () => {
    await direct.close();
    await outages.stop();
    await cluster.stop();
  });

  it('converges when kube-apiserver is killed, started again, and has forgotten what was', async () => {
    console.error(`outages: ${String(RUNS)} runs; again with OPTIPOD_SEED=${String(seed)}`);
    const commands = () => fc.commands([...COMMANDS], { maxCommands: 30, size: 'max' });
    let run = 0;
    let compactions = 0;
    await fc.assert(
      fc.asyncProperty(
        commands(),
        fc.integer({ min: 0, max: 500 }),
        fc.boolean(),
        commands(),
        async (before, downMs, compact, after) => {
          const proxy = await proxyOf(cluster);
          const world = new World(config, proxy, direct, namespace, `r${String((run += 1))}`);
          try {
            const model: Model = { objects: new Map() };
            const setup = () => ({ model, real: world });
            await fc.asyncModelRun(setup, before);
            await outages.outage(downMs, compact);
            if (compact) compactions += 1;
            await fc.asyncModelRun(setup, after);
            await world.converge(30_000);
          } finally {
            await world.close();
            await proxy.close();
          }
        },
      ),
      { numRuns: RUNS, seed, endOnFailure: true, examples: [[[], 100, true, []]] },
    );
    expect(compactions).to.be.greaterThan(0);
  });
});
