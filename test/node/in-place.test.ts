import { expect } from 'chai';
import { kind, Namespace, NodeKind, PodKind, ReplicaSet, type Pod } from 'optipod/kube';
import { World } from '../cluster/webhook/world.js';
import { loadImage, sharedCluster, waitFor } from '../kit/index.js';
import { Bench, identityOf, SOON, type Case } from './in-place.js';
import { IMPATIENT_FLAGS } from '../support/impatient.js';
import { steadyUsage } from './steady-usage.js';

const NAMESPACE = `in-place-${process.pid}`;
const MI = 2 ** 20;

/** What all have in the beginning, and what their policies want: twice of everything. */
const resources = { requests: { cpu: '50m', memory: '32Mi' }, limits: { cpu: '100m', memory: '64Mi' } };
const least = { cpu: '100m', memory: '64Mi' };
const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];

const grows: Case = { name: 'grows', resources };
const full: Case = {
  name: 'full',
  args: ['--memory', '64Mi'],
  resources: { limits: { cpu: '100m', memory: '128Mi' }, requests: { cpu: '50m', memory: '96Mi' } },
  updateStrategy: { allowUnsafeMemoryDecrease: true },
};
const huge: Case = { name: 'huge', resources };
const waits: Case = { name: 'waits', resources };
const evicted: Case = {
  name: 'evicted',
  replicas: 2,
  resources,
  resizePolicy,
  updateStrategy: { allowRecreate: true },
};
const guarded: Case = { ...evicted, name: 'guarded', replicas: 1 };
const restarted: Case = {
  name: 'restarted',
  replicas: 2,
  resources,
  resizePolicy,
  updateStrategy: { rolloutStrategy: 'immediate' },
};
const CASES = [grows, full, huge, waits, evicted, guarded, restarted];

const PodDisruptionBudget = kind('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets');

describe('running pods on a real node', function () {
  this.timeout(90_000);
  let world: World;
  let bench: Bench;

  before(async () => {
    const cluster = await sharedCluster('node');
    world = await World.start({
      cluster,
      custom: steadyUsage(CASES.map(({ name }) => ({ namespace: NAMESPACE, name }))),
      operatorFlags: ['--min-samples=5', ...IMPATIENT_FLAGS],
    });
    bench = new Bench(world, NAMESPACE);
    await world.namespace(NAMESPACE);
    await bench.world.admitWebhook();
    // A node that would be large enough for anything, were it there: the largest one bounds what is recommended.
    await world.client.create(NodeKind, { metadata: { name: 'elsewhere' }, spec: { unschedulable: true } });
    const status = { status: { allocatable: { cpu: '64', memory: '64Gi', pods: '10' } } };
    await world.client.patch(NodeKind, { name: 'elsewhere' }, status, { type: 'merge', subresource: 'status' });
    await Promise.all(CASES.map((one) => bench.open(one)));
    await world.client.create(PodDisruptionBudget, {
      metadata: { namespace: NAMESPACE, name: 'guard' },
      spec: { minAvailable: 1, selector: { matchLabels: { app: guarded.name } } },
    });
  });

  after(async () => {
    const { client } = world;
    await client.delete(NodeKind, { name: 'elsewhere' });
    await client.delete(Namespace, { name: NAMESPACE });
    await world.stop();
  });

  describe('what is in the way', () => {
    it('B-APP-7 a budget that allows nothing is respected and named', async () => {
      const was = await bench.pods('guarded');
      await bench.govern(guarded, least);
      const { message } = await bench.told('guarded', 'BlockedByPDB');
      expect(message).to.contain('The disruption budget guard needs 1 healthy pods and has 1 currently');
      expect(await bench.events('guarded', 'BlockedByPDB')).to.have.length(1);
      expect((await bench.pods('guarded')).map(identityOf)).to.deep.equal(was.map(identityOf));
      // What becomes of it then takes its time, and is looked at in the end.
      await world.client.delete(PodDisruptionBudget, { namespace: NAMESPACE, name: 'guard' });
    });

    it('B-APP-6 a limit below what is in use is waited for, and nothing else waits with it', async () => {
      const was = identityOf(await bench.pod('full'));
      await bench.govern(full, { cpu: '80m', memory: '24Mi' });
      const { message } = await bench.told('full', 'InProgress');
      expect(message).to.contain('1 of 1 pods');
      const { milliCpuRequest, memoryLimit } = bench.kernel(await bench.pod('full'));
      expect(milliCpuRequest).to.be.closeTo(80, 1);
      expect(memoryLimit).to.equal(128 * MI);
      expect(identityOf(await bench.pod('full'))).to.deep.equal(was);
      await bench.govern(full, { cpu: '80m', memory: '96Mi' });
    });
  });

  describe('where no container would restart for it', () => {
    it('B-APP-6 B-APP-4 CPU and memory go up and down in place: the same pod, no restart, the kernel follows', async () => {
      const [before, was] = [await bench.workload('grows'), identityOf(await bench.pod('grows'))];
      const hasNow = async (milliCpu: number, memory: number) => {
        await waitFor(
          `${milliCpu}m and ${memory}Mi`,
          async () => {
            const { milliCpuRequest, memoryLimit, cpuLimit } = bench.kernel(await bench.pod('grows'));
            const has = { milliCpuRequest: Math.round(milliCpuRequest), memoryLimit: memoryLimit / MI, cpuLimit };
            // Shares are whole numbers of 1/1024 core; a limit is a tenth above the request, in pages of 4 KiB.
            expect(has.milliCpuRequest).to.be.within(milliCpu - 1, milliCpu + 1);
            expect(has.cpuLimit).to.equal(milliCpu / 1000);
            expect(has.memoryLimit).to.equal(Math.ceil(memory * 1.1));
            return true;
          },
          SOON,
        );
        expect(identityOf(await bench.pod('grows'))).to.deep.equal(was);
      };
      await bench.govern(grows, least);
      await hasNow(100, 64);
      const { message, at } = await bench.told('grows', 'ResizedInPlace');
      expect(message).to.match(/^all running pods have what is recommended, 1 of 1 of them resized in place/);
      expect(Date.now() - Date.parse(at ?? '')).to.be.within(0, 30_000);
      await bench.govern(grows, { cpu: '70m', memory: '64Mi' });
      await hasNow(70, 64);
      await bench.govern(grows, { cpu: '70m', memory: '40Mi' });
      await hasNow(70, 40);

      const { spec, metadata } = await bench.workload('grows');
      expect(spec).to.deep.equal(before.spec);
      expect(metadata.annotations).to.include({ 'deployment.kubernetes.io/revision': '1' });
      await waitFor('last-applied on the workload', async () => {
        const { annotations } = (await bench.workload('grows')).metadata;
        return Date.parse(annotations?.['optipod.io/last-applied'] ?? '') >= Date.parse(at ?? '') || undefined;
      });
    });

    it('B-APP-6 B-APP-7 what the node can never give is refused once, and said', async () => {
      const was = await bench.pod('huge');
      await bench.govern(huge, { cpu: '8', memory: '64Mi' });
      const { message } = await bench.told('huge', 'Infeasible');
      expect(message).to.contain("node didn't have enough allocatable resources: cpu, requested: 8000");
      const [event, another] = await bench.events('huge', 'InPlaceResizeUnavailable');
      expect(event).to.contain('gets it with its next restart, not in place');
      expect(another).to.equal(undefined);
      const now = await bench.pod('huge');
      expect(now.spec).to.deep.equal(was.spec);
      expect(identityOf(now)).to.deep.equal(identityOf(was));
    });

    it('B-APP-6 what there is no room for now is deferred, and done when there is', async () => {
      const was = identityOf(await bench.pod('waits'));
      await filler(bench);
      await bench.govern(waits, { cpu: '900m', memory: '64Mi' });
      const { message } = await bench.told('waits', 'Deferred');
      expect(message).to.match(/1 of 1 pods: .*cpu/i);
      await world.client.delete(PodKind, { namespace: NAMESPACE, name: 'filler' });
      await bench.told('waits', 'ResizedInPlace');
      expect(bench.kernel(await bench.pod('waits')).milliCpuRequest).to.be.closeTo(900, 1);
      expect(identityOf(await bench.pod('waits'))).to.deep.equal(was);
    });
  });

  describe('where a container would restart for it', () => {
    it('B-APP-7 pods are evicted one at a time, and their successors have what is recommended', async () => {
      const [before, was] = [await bench.workload('evicted'), await bench.pods('evicted')];
      await bench.govern(evicted, least);
      const fewest = await watchReady(bench, 'evicted', () => allNew(bench, 'evicted', was));
      expect(fewest).to.be.at.least(1);
      expect((await bench.pods('evicted')).map(requestsOf)).to.deep.equal([least, least]);
      expect((await bench.workload('evicted')).spec).to.deep.equal(before.spec);
    });

    it('B-APP-5 immediate: one rolling restart for a recommendation, as kubectl makes it', async () => {
      const was = await bench.pods('restarted');
      await bench.govern(restarted, least);
      await allNew(bench, 'restarted', was);
      expect((await bench.pods('restarted')).map(requestsOf)).to.deep.equal([least, least]);
      await bench.told('restarted', 'ThroughWebhook');
      const { spec, metadata } = await bench.workload('restarted');
      expect(metadata.annotations).to.include({ 'deployment.kubernetes.io/revision': '2' });
      expect(spec.template.metadata?.annotations).to.have.all.keys('kubectl.kubernetes.io/restartedAt');
      const managers = (metadata.managedFields ?? []).map(({ manager }) => manager);
      expect(managers).to.include('optipod-restart');
      // Whoever looks at it again, a new operator too, finds nothing to do.
      await world.stopOperator();
      await world.startOperator();
      await bench.told('restarted', 'ThroughWebhook');
      const { items } = await world.client.list(ReplicaSet, { namespace: NAMESPACE, labelSelector: 'app=restarted' });
      expect(items).to.have.length(2);
    });
  });

  describe('once it is out of the way', () => {
    it('B-APP-6 a limit that there is room below is in effect, without a restart', async () => {
      await bench.told('full', 'ResizedInPlace');
      expect(bench.kernel(await bench.pod('full')).memoryLimit).to.equal(106 * MI);
      expect(identityOf(await bench.pod('full')).restarts).to.deep.equal([0]);
    });

    it('B-APP-7 an eviction is tried again', async () => {
      await waitFor(
        'a pod with what is recommended',
        async () => {
          const [pod] = await bench.ready('guarded', 1);
          return pod && requestsOf(pod)?.cpu === least.cpu ? true : undefined;
        },
        SOON,
      );
    });
  });
});

function requestsOf({ spec }: Pod) {
  return spec.containers[0]?.resources?.requests;
}

/** Until as many pods are ready as there were, none of them one of those. */
async function allNew(bench: Bench, name: string, was: readonly Pod[]): Promise<true> {
  const before = new Set(was.map(({ metadata }) => metadata.uid));
  return waitFor(
    `new pods of ${name}`,
    async () => {
      const now = await bench.ready(name, was.length);
      return now.every(({ metadata }) => !before.has(metadata.uid)) || undefined;
    },
    SOON,
  );
}

/** The fewest ready pods that there were until something was done. */
async function watchReady(bench: Bench, name: string, done: () => Promise<unknown>): Promise<number> {
  let fewest = Infinity;
  const end = new AbortController();
  const finished = done().finally(() => end.abort());
  while (!end.signal.aborted) {
    const ready = (await bench.pods(name)).filter(({ status }) =>
      status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    );
    fewest = Math.min(fewest, ready.length);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await finished;
  return fewest;
}

/** A pod that takes most of what the node has left. */
async function filler(bench: Bench): Promise<void> {
  const container = {
    name: 'app',
    image: loadImage,
    imagePullPolicy: 'Never',
    resources: { requests: { cpu: '900m' } },
  };
  await bench.world.client.create(PodKind, {
    metadata: { namespace: bench.namespace, name: 'filler', labels: { app: 'filler' } },
    spec: { terminationGracePeriodSeconds: 0, containers: [container] },
  });
  await bench.ready('filler', 1);
}
