import { expect } from 'chai';
import { Deployment, kind, PodKind, type Pod, type WorkloadObject } from 'optipod/kube';
import { OptimizationPolicy, WorkloadRecommendation } from 'optipod/lib/api';
import { createInformer } from '../../operator/runtime/index.js';
import { World } from '../cluster/webhook/world.js';
import { loadImage, startCluster, waitFor } from '../kit/index.js';
import { bridgeAddress } from '../kit/network.js';
import { shareLoad, type SharedLoad } from './shared-load.js';

const SPACE = 'scaled';
const WEB = { namespace: SPACE, name: 'web' };
/** A pod that is to do nothing needs 0.02 on a slow machine. */
const OWN_CORES = 0.2;
const OWN = { cpu: `${OWN_CORES * 1000}m`, memory: '16Mi' };

const CYCLES = 3;
/** Cores that all pods use together. */
const MUCH = 0.45;
const LITTLE = 0.02;
/** The HPA's averageUtilization. */
const TARGET = 60;
/** The pods that the much asks for, by the algorithm that the HPA documents: a tenth is tolerated, and pods come late. */
const MOST = Math.ceil((MUCH / OWN_CORES / (TARGET / 100)) * 1.1) + 1;

const PATIENT = { timeoutMs: 300_000, everyMs: 500 };

const HorizontalPodAutoscaler = kind<{
  readonly spec: object;
  readonly status?: { readonly currentReplicas?: number; readonly desiredReplicas?: number };
}>('autoscaling', 'v2', 'HorizontalPodAutoscaler', 'horizontalpodautoscalers');

describe('a HorizontalPodAutoscaler and OptiPod on one workload of a real node', function () {
  this.timeout(0);
  let world: World;
  let load: SharedLoad;
  const stop = new AbortController();
  const running: Promise<unknown>[] = [];
  /** All that ever was. */
  const cpuRequests = new Set<string>();
  const memoryRequests = new Set<string>();
  const cpuSaid = new Set<string>();
  let replicas = 0;
  let most = 0;

  before(async () => {
    const cluster = await startCluster({
      level: 'node',
      name: 'hpa',
      progress: (line) => void process.stderr.write(`${line}\n`),
      // Five minutes, each time that it is to be less, would be half an hour.
      controllerManagerFlags: [
        '--horizontal-pod-autoscaler-sync-period=5s',
        '--horizontal-pod-autoscaler-downscale-stabilization=15s',
        '--horizontal-pod-autoscaler-cpu-initialization-period=10s',
        '--horizontal-pod-autoscaler-initial-readiness-delay=5s',
      ],
    });
    load = await shareLoad();
    load.set(LITTLE);
    world = await World.start({ cluster, operatorFlags: ['--metrics-server-interval=5s', '--min-samples=5'] });
    await world.namespace(SPACE);
    await world.admitWebhook();
    await world.client.create(Deployment, deployment(load.port));
    await world.client.create(HorizontalPodAutoscaler, autoscaler);
    follow();
    await world.client.create(OptimizationPolicy, policy);
  });

  after(async () => {
    stop.abort();
    await Promise.all(running);
    await load.stop();
    await world.stop();
    await world.cluster.stop();
  });

  function follow(): void {
    const pods = createInformer(world.client, PodKind, { namespace: SPACE });
    pods.onEvent(({ object }) => {
      const { cpu, memory } = requestsOf(object);
      cpuRequests.add(cpu);
      memoryRequests.add(memory);
    });
    const workloads = createInformer(world.client, Deployment, { namespace: SPACE });
    workloads.onEvent(({ object: { metadata, spec, status } }) => {
      const said = Object.entries(metadata.annotations ?? {}).filter(([key]) => /^optipod\.io\/.*cpu/.test(key));
      for (const [key, value] of said) cpuSaid.add(`${key}=${value}`);
      replicas = status?.replicas ?? 0;
      most = Math.max(most, spec.replicas ?? 0);
    });
    running.push(pods.run(stop.signal), workloads.run(stop.signal));
  }

  /** Waits for so many pods. */
  const scaled = (wanted: (pods: number) => boolean, what: string) =>
    waitFor(
      what,
      async () => {
        const { status } = await world.client.get(HorizontalPodAutoscaler, WEB);
        if (wanted(replicas) && status?.desiredReplicas === replicas) return replicas;
        throw new Error(JSON.stringify(status));
      },
      PATIENT,
    );

  async function held(): Promise<{ readonly reason: string; readonly message: string } | undefined> {
    const { status } = await world.client.get(WorkloadRecommendation, { namespace: SPACE, name: 'deployment-web' });
    return status?.containers?.find(({ name }) => name === 'app')?.cpu?.hold;
  }

  const template = async (): Promise<WorkloadObject['spec']['template']> =>
    (await world.client.get(Deployment, WEB)).spec.template;

  it('B-APP-9 B-OBS-1 the CPU is held, and it is said by whom', async () => {
    const hold = await waitFor(
      'HeldByHPA',
      async () => {
        const now = await held();
        return now?.reason === 'HeldByHPA' ? now : Promise.reject(new Error(JSON.stringify(now)));
      },
      PATIENT,
    );
    expect(hold.message).to.contain('HorizontalPodAutoscaler web');
  });

  for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
    it(`B-APP-9 cycle ${cycle} of ${CYCLES}: pods follow the load up and down, no more than it asks for, and no CPU request moves`, async () => {
      const before = await template();
      most = 0;
      load.set(MUCH);
      const up = await scaled((pods) => pods >= 3, 'more pods');
      expect((await held())?.reason).to.equal('HeldByHPA');
      load.set(LITTLE);
      await scaled((pods) => pods === 1, 'one pod');
      expect(most, 'pods').to.be.within(up, MOST);
      expect(await template()).to.deep.equal(before);
      expect([...cpuRequests]).to.deep.equal([OWN.cpu]);
      expect([...cpuSaid]).to.deep.equal([]);
      expect((await held())?.reason).to.equal('HeldByHPA');
      console.error(
        `      ${most} pods at most, then 1; CPU ${[...cpuRequests].join()}, memory ${[...memoryRequests].join()}`,
      );
    });
  }

  it('B-APP-9 the memory, by which nobody scales, went on to be recommended and applied', async () => {
    await waitFor('memory of its own', () => (memoryRequests.size > 1 ? true : undefined), PATIENT);
    const { items } = await world.client.list(PodKind, { namespace: SPACE });
    for (const pod of items)
      expect(requestsOf(pod)).to.include({ cpu: OWN.cpu }).and.not.to.include({ memory: OWN.memory });
  });
});

function requestsOf({ spec }: Pod): { readonly cpu: string; readonly memory: string } {
  const { cpu, memory } = spec.containers[0]?.resources?.requests ?? {};
  return { cpu: String(cpu), memory: String(memory) };
}

function deployment(port: number) {
  const labels = { app: WEB.name };
  const container = {
    name: 'app',
    image: loadImage,
    imagePullPolicy: 'Never',
    args: ['--follow', `http://${bridgeAddress}:${port}/`, '--memory', '32Mi'],
    resources: { requests: OWN },
  };
  return {
    metadata: WEB,
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { terminationGracePeriodSeconds: 1, automountServiceAccountToken: false, containers: [container] },
      },
    },
  };
}

const autoscaler = {
  metadata: WEB,
  spec: {
    scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: WEB.name },
    minReplicas: 1,
    maxReplicas: 10,
    metrics: [
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: TARGET } } },
    ],
  },
};

const policy = {
  metadata: WEB,
  spec: {
    mode: 'Auto',
    selector: { namespaces: { allow: [SPACE] } },
    metricsConfig: { provider: 'metrics-server', rollingWindow: '5m', metricsServer: { minSamplesRequired: 5 } },
    resourceBounds: { cpu: { min: '10m', max: '2' }, memory: { min: '16Mi', max: '1Gi' } },
    updateStrategy: { strategy: 'webhook' },
    reconciliationInterval: '10s',
  },
};
