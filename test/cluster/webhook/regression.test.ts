import { expect } from 'chai';
import { Deployment, PodKind, type Pod, type WorkloadObject } from 'optipod/kube';
import { WorkloadRecommendation } from 'optipod/lib/api';
import type { Told } from '../../../operator/workloads/recommendation.js';
import { eventsOf, waitFor } from '../../kit/index.js';
import { startPrometheus, type Prometheus } from '../../support/prometheus.js';
import { container, createPolicy, createWorkload, podsOf, resourcesOf } from './pods.js';
import { World } from './world.js';

const SPACE = 'regressed';
const WEB = { namespace: SPACE, name: 'web' };

describe('a workload that regresses', function () {
  this.timeout(120_000);
  let world: World;
  let prometheus: Prometheus;

  before(async () => {
    const usage = { namespace: SPACE, pod: 'web-7d4b9c6f5d-x2k9z', container: 'app', cpu: 0.2, memory: 200 * 2 ** 20 };
    prometheus = await startPrometheus([usage]);
    world = await World.start({
      name: 'regressed',
      operatorFlags: [`--prometheus-url=${prometheus.url}`, '--prometheus-step=15s', '--prometheus-rate-window=1m'],
    });
    await world.namespace(SPACE);
    const own = { requests: { cpu: '500m', memory: '512Mi' } };
    await createWorkload(world, SPACE, 'web', { containers: [container('app', own)] });
    await createPolicy(world, SPACE, 'all', {
      selector: { namespaces: { allow: [SPACE] } },
      metricsConfig: { provider: 'prometheus', rollingWindow: '10m' },
      reconciliationInterval: '10s',
    });
  });

  after(async () => {
    await world.stop();
    await prometheus.stop();
  });

  const web = () => world.client.get(Deployment, WEB);
  const said = ({ metadata: { annotations = {} } }: WorkloadObject) => annotations['optipod.io/cpu-request.app'];
  const saying = (wanted: string | undefined) =>
    waitFor(
      `the annotations to say ${wanted ?? 'nothing'}`,
      async () => (said(await web()) === wanted ? true : undefined),
      { timeoutMs: 30_000 },
    );
  const told = async (): Promise<Told['status']> =>
    (await world.client.get(WorkloadRecommendation, { namespace: SPACE, name: 'deployment-web' })).status;

  /** The pod that comes after this one, born with what the annotations say at that time. */
  async function replaced(): Promise<Pod> {
    const [old] = await podsOf(world, SPACE, 'web');
    if (!old) throw new Error('there is no pod');
    await world.client.delete(PodKind, old.metadata, { gracePeriodSeconds: 0 });
    return waitFor('another pod', async () => {
      const [pod] = await podsOf(world, SPACE, 'web');
      return pod?.metadata.uid === old.metadata.uid ? undefined : pod;
    });
  }

  /** What a kubelet tells of a container that was killed for want of memory. */
  async function kill({ metadata: { namespace = '', name } }: Pod): Promise<void> {
    const finishedAt = new Date(Date.now() + 1000).toISOString().replace(/\.\d+Z$/, 'Z');
    const terminated = { exitCode: 137, reason: 'OOMKilled', startedAt: finishedAt, finishedAt };
    const image = { image: 'never-run', imageID: '' };
    const status = {
      name: 'app',
      ...image,
      ready: false,
      restartCount: 1,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated },
    };
    const body = { status: { phase: 'Running', containerStatuses: [status] } };
    await world.client.patch(PodKind, { namespace, name }, body, { type: 'merge', subresource: 'status' });
  }

  it('B-APP-11 goes back to what it had, is held, and says so', async () => {
    await saying('240m');
    const pod = await replaced();
    expect(resourcesOf(pod)?.requests).to.deep.equal({ cpu: '240m', memory: '240Mi' });
    await kill(pod);
    await saying(undefined);
    const status = await waitFor('the reason', async () => {
      const now = await told();
      return now?.applying?.suspension ? now : undefined;
    });
    expect(status.applying?.suspension).to.include({ reason: 'Regressed' });
    expect(status.conditions?.find(({ type }) => type === 'Applied')).to.include({
      status: 'False',
      reason: 'Regressed',
    });
    await waitFor('the running pod to have its own resources, in place', async () => {
      const [running] = await podsOf(world, SPACE, 'web');
      expect(running?.metadata.uid).to.equal(pod.metadata.uid);
      expect(running && resourcesOf(running)?.requests).to.deep.equal({ cpu: '500m', memory: '512Mi' });
      return true;
    });
    expect(resourcesOf(await replaced())?.requests).to.deep.equal({ cpu: '500m', memory: '512Mi' });
    const events = await waitFor('the event', async () => {
      const all = await eventsOf(world.cluster, { kind: 'Deployment', ...WEB });
      const own = all.filter(({ reason }) => reason === 'Regressed');
      return own.length > 0 ? own : undefined;
    });
    expect(events).to.have.length(1);
    expect(events[0]?.message).to.contain('container app was killed for want of memory');
  });

  it('B-APP-11 stays so over a restart of the operator', async () => {
    const before = await told();
    await world.stopOperator();
    await world.startOperator();
    await waitFor('another evaluation', async () => {
      const { items } = await world.client.list(WorkloadRecommendation, { namespace: SPACE });
      return items.length === 1 ? true : undefined;
    });
    const rollout = { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' } } };
    await world.client.patch(Deployment, WEB, { spec: { template: rollout } }, { type: 'merge' });
    await waitFor(
      'a pass after that',
      async () => {
        const policy = await world.cluster.kubectl([
          'get',
          'optpol',
          '-n',
          SPACE,
          'all',
          '-o=jsonpath={.status.lastReconciliation}',
        ]);
        return Date.parse(policy.stdout) > Date.now() - 1500 ? true : undefined;
      },
      { timeoutMs: 30_000 },
    );
    expect(said(await web())).to.equal(undefined);
    expect((await told())?.applying).to.deep.equal(before?.applying);
  });

  it('B-APP-11 an edit of the template by its author is not fought: it ends the hold', async () => {
    const env = [{ name: 'RELEASE', value: '2' }];
    const spec = {
      containers: [{ name: 'app', image: 'never-run', env, resources: { requests: { cpu: '500m', memory: '1Gi' } } }],
    };
    await world.client.patch(Deployment, WEB, { spec: { template: { spec } } }, { type: 'merge' });
    await saying('240m');
  });

  it('B-APP-11 goes back as well while nobody can tell what is used', async () => {
    // The rollout never ends where nobody runs pods: what is there of two templates goes.
    await world.client.patch(Deployment, WEB, { spec: { replicas: 0 } }, { type: 'merge' });
    await podsOf(world, SPACE, 'web', 0);
    await world.client.patch(Deployment, WEB, { spec: { replicas: 1 } }, { type: 'merge' });
    const [pod] = await podsOf(world, SPACE, 'web');
    if (!pod) throw new Error('there is no pod');
    expect(resourcesOf(pod)?.requests?.cpu).to.equal('240m');
    await prometheus.stop();
    await waitFor(
      'the policy to say so',
      async () => {
        const path = "-o=jsonpath={.status.conditions[?(@.type=='MetricsAvailable')].status}";
        const { stdout } = await world.cluster.kubectl(['get', 'optpol', '-n', SPACE, 'all', path]);
        return stdout === 'False' ? true : undefined;
      },
      { timeoutMs: 60_000 },
    );
    expect(said(await web())).to.equal('240m');
    await kill(pod);
    await saying(undefined);
    expect((await told())?.applying?.suspension).to.include({ reason: 'Regressed' });
  });
});
