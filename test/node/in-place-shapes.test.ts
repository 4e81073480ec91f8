import { expect } from 'chai';
import { Namespace, PodKind } from 'optipod/kube';
import { WorkloadRecommendation } from 'optipod/lib/api';
import { startWebhookAfter } from '../cluster/webhook/webhook-after.js';
import { World } from '../cluster/webhook/world.js';
import { sharedCluster, waitFor } from '../kit/index.js';
import { Bench, containerOf, identityOf, SOON, type Case } from './in-place.js';
import { toldProvider } from '../support/told-usage.js';
import { IMPATIENT_FLAGS } from '../support/impatient.js';

const NAMESPACE = `shapes-${process.pid}`;
const MI = 2 ** 20;

/** What all have in the beginning, and what their policies want: twice of everything. */
const own = { requests: { cpu: '50m', memory: '32Mi' }, limits: { cpu: '100m', memory: '64Mi' } };
const exact = { requests: { cpu: '50m', memory: '32Mi' }, limits: { cpu: '50m', memory: '32Mi' } };
const least = { cpu: '100m', memory: '64Mi' };

const sidecar: Case = {
  name: 'sidecar',
  resources: own,
  pod: { initContainers: [{ ...containerOf('proxy', own), restartPolicy: 'Always' }] },
};
const guaranteed: Case = { name: 'guaranteed', resources: exact };
const restarting: Case = {
  name: 'restarting',
  resources: own,
  resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }],
};
const whole: Case = { name: 'whole', resources: {}, pod: { resources: own } };
const injected: Case = { name: 'injected', resources: own };
const CASES = [sidecar, guaranteed, restarting, whole, injected];
/** Next to nothing: what is recommended is what a policy has as its least. */
const IDLE = { namespace: NAMESPACE, cpu: 0.001, memory: MI };

describe('pods of all shapes on a real node', function () {
  this.timeout(90_000);
  let world: World;
  let bench: Bench;
  let others: { stop(): Promise<void> };
  let was: ReadonlyMap<string, object>;

  before(async () => {
    const containers = ['app', 'proxy', 'injected'];
    world = await World.start({
      cluster: await sharedCluster('node'),
      custom: toldProvider(
        CASES.flatMap(({ name }) => containers.map((container) => ({ ...IDLE, workload: name, container }))),
      ),
      operatorFlags: ['--min-samples=5', ...IMPATIENT_FLAGS],
    });
    bench = new Bench(world, NAMESPACE);
    await world.namespace(NAMESPACE);
    await world.admitWebhook();
    const inject = { op: 'add', path: '/spec/containers/-', value: containerOf('injected', own) } as never;
    others = await startWebhookAfter(world.client, NAMESPACE, ({ metadata, spec }) =>
      metadata.labels?.app === injected.name && spec.containers.length === 1 ? [inject] : [],
    );
    await waitFor(
      'kube-apiserver to ask the other webhook',
      async () => {
        const metadata = { namespace: NAMESPACE, name: 'tried', labels: { app: injected.name } };
        const spec = { containers: [containerOf('app', own)] };
        const { spec: made } = await world.client.create(PodKind, { metadata, spec }, { dryRun: true });
        return made.containers.length > 1 || undefined;
      },
      SOON,
    );
    await Promise.all(CASES.map((one) => bench.open(one)));
    was = new Map(await Promise.all(CASES.map(async ({ name }) => [name, identityOf(await bench.pod(name))] as const)));
    for (const one of CASES) await bench.govern(one, least);
  });

  after(async () => {
    await others.stop();
    await world.client.delete(Namespace, { name: NAMESPACE });
    await world.stop();
  });

  /** Until the kernel gives a container so much: millicores, and MiB as its limit. */
  async function has(name: string, milliCpu: number, memoryLimit: number, container = 'app'): Promise<void> {
    await waitFor(
      `${container} of ${name} to have ${milliCpu}m and ${memoryLimit}Mi`,
      async () => {
        const kernel = bench.kernel(await bench.pod(name), container);
        expect(kernel.milliCpuRequest).to.be.closeTo(milliCpu, 1);
        expect(kernel.memoryLimit / MI).to.be.closeTo(memoryLimit, 0.01);
        return true;
      },
      SOON,
    );
    expect(identityOf(await bench.pod(name))).to.deep.equal(was.get(name));
  }

  it('B-APP-6 B-APP-12 a sidecar is resized with the container beside it, and neither restarts', async () => {
    await has('sidecar', 100, 71);
    await has('sidecar', 100, 71, 'proxy');
    await bench.told('sidecar', 'ResizedInPlace');
  });

  it('B-APP-6 B-REC-4 a Guaranteed pod has as much as it asks for afterwards, and is Guaranteed', async () => {
    await has('guaranteed', 100, 64);
    await bench.told('guaranteed', 'ResizedInPlace');
    const pod = await bench.pod('guaranteed');
    expect(pod.spec.containers[0]?.resources).to.deep.equal({ requests: least, limits: least });
    expect(pod.status?.qosClass).to.equal('Guaranteed');
    expect(bench.kernel(pod).cpuLimit).to.equal(0.1);
  });

  it('B-APP-4 B-APP-7 what a container would restart for waits for its next restart; what it would not is resized', async () => {
    const { message, at } = await bench.told('restarting', 'InPlaceResizeUnavailable', /all else/);
    expect(message).to.match(/RestartContainer: .*\bapp\b.*memory; all else that is recommended is in effect$/);
    expect(at).to.be.a('string');
    await has('restarting', 100, 64);
    const [event, another] = await bench.events('restarting', 'InPlaceResizeUnavailable');
    expect(event).to.contain('gets it with its next restart');
    expect(another).to.equal(undefined);
  });

  it('B-REC-4 a pod with resources as a whole is held, and says so', async () => {
    const before = await bench.pod('whole');
    await waitFor(
      'the hold to be told',
      async () => {
        const ref = { namespace: NAMESPACE, name: 'deployment-whole' };
        const { status } = await world.client.get(WorkloadRecommendation, ref);
        const [app] = status?.containers ?? [];
        expect([app?.cpu?.hold?.reason, app?.memory?.hold?.reason, status?.summary?.reason]).to.deep.equal(
          Array(3).fill('PodLevelResources'),
        );
        return true;
      },
      SOON,
    );
    const { metadata } = await bench.workload('whole');
    expect(Object.keys(metadata.annotations ?? {}).filter((key) => key.startsWith('optipod.io/cpu-'))).to.deep.equal(
      [],
    );
    const now = await bench.pod('whole');
    expect(now.spec).to.deep.equal(before.spec);
    expect(identityOf(now)).to.deep.equal(was.get('whole'));
  });

  it('B-APP-12 a container that somebody’s webhook injected is left alone', async () => {
    await has('injected', 100, 71);
    await bench.told('injected', 'ResizedInPlace');
    await has('injected', 50, 64, 'injected');
    const { spec } = await bench.pod('injected');
    expect(spec.containers.map(({ name }) => name)).to.deep.equal(['app', 'injected']);
    expect(spec.containers[1]?.resources).to.deep.equal(own);
  });
});
