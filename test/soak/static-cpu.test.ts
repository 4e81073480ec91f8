import { expect } from 'chai';
import type { Pod } from 'optipod/kube';
import { cgroupOf } from '../kit/cgroups.js';
import { currentRun, startCluster, stopSharedClusters, waitFor, type Cluster } from '../kit/index.js';
import { World } from '../cluster/webhook/world.js';
import { Bench, identityOf, SOON, type Case } from '../node/in-place.js';
import { cgroupCpus } from '../support/cgroup-limits.js';
import { IMPATIENT_FLAGS } from '../support/impatient.js';
import { toldProvider } from '../support/told-usage.js';

const NAMESPACE = 'static';
const MI = 2 ** 20;
const exact = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } });

const pinned: Case = { name: 'pinned', resources: exact('1', '32Mi') };
const shared: Case = { name: 'shared', resources: exact('100m', '32Mi') };
const burstable: Case = { name: 'burstable', resources: { requests: { cpu: '50m', memory: '32Mi' } } };
const CASES = [pinned, shared, burstable];
/** Next to nothing: what is recommended is what a policy has as its least. */
const IDLE = { namespace: NAMESPACE, container: 'app', cpu: 0.001, memory: MI };

/** One processor is everybody's, the others are given to containers that ask for whole ones. */
const kubeletConfig = { cpuManagerPolicy: 'static', kubeReserved: { cpu: '500m' } };

describe('a node with a static CPU manager', function () {
  this.timeout(180_000);
  let cluster: Cluster;
  let world: World;
  let bench: Bench;

  before(async () => {
    // Nodes of one run would have the same address.
    await stopSharedClusters();
    cluster = await startCluster({ level: 'node', name: 'static-cpu', kubeletConfig });
    world = await World.start({
      cluster,
      custom: toldProvider(CASES.map(({ name }) => ({ ...IDLE, workload: name }))),
      operatorFlags: ['--min-samples=5', ...IMPATIENT_FLAGS],
    });
    bench = new Bench(world, NAMESPACE);
    await world.namespace(NAMESPACE);
    await world.admitWebhook();
    for (const one of CASES) await bench.open(one);
  });

  after(async () => {
    await world.stop();
    await cluster.stop();
  });

  const cpusOf = ({ status }: Pod) => {
    const statuses = (status?.containerStatuses ?? []) as readonly { readonly containerID?: string }[];
    return cgroupCpus(cgroupOf(currentRun()?.name ?? ''), statuses[0]?.containerID?.replace('containerd://', '') ?? '');
  };

  it('B-APP-6 what the kubelet refuses of a pinned pod is asked back and said, and the rest of it is done', async () => {
    const before = await bench.pod('pinned');
    const cpus = cpusOf(before);
    expect(cpus).to.match(/^\d+$/);
    await bench.govern(pinned, { cpu: '1200m', memory: '64Mi' });
    const { message, at } = await bench.told('pinned', 'InPlaceResizeUnavailable', /all else/);
    expect(message).to.contain("1 of 1 pods: StaticCPUManager: the node's CPU manager is static");
    expect(at).to.be.a('string');
    const now = await bench.pod('pinned');
    expect(identityOf(now)).to.deep.equal(identityOf(before));
    expect(now.spec.containers[0]?.resources).to.deep.equal(exact('1', '64Mi'));
    expect(cpusOf(now)).to.equal(cpus);
    expect(bench.kernel(now).memoryLimit).to.equal(64 * MI);
    const [event, another] = await bench.events('pinned', 'InPlaceResizeUnavailable');
    expect(event).to.contain('gets it with its next restart, not in place: StaticCPUManager');
    expect(another).to.equal(undefined);
  });

  it('B-APP-6 another Guaranteed pod there keeps its CPU too, and is not asked', async () => {
    const before = await bench.pod('shared');
    await bench.govern(shared, { cpu: '150m', memory: '32Mi' });
    await bench.told('shared', 'InPlaceResizeUnavailable', /StaticCPUManager/);
    const now = await bench.pod('shared');
    expect(now.spec).to.deep.equal(before.spec);
    expect(now.metadata.generation).to.equal(before.metadata.generation);
  });

  it('B-APP-6 a pod of another QoS class gets what is recommended', async () => {
    const before = identityOf(await bench.pod('burstable'));
    await bench.govern(burstable, { cpu: '100m', memory: '32Mi' });
    await waitFor(
      '100m',
      async () => {
        expect(bench.kernel(await bench.pod('burstable')).milliCpuRequest).to.be.closeTo(100, 1);
        return true;
      },
      SOON,
    );
    expect(identityOf(await bench.pod('burstable'))).to.deep.equal(before);
  });
});
