import { expect } from 'chai';
import { Namespace, PodKind } from 'optipod/kube';
import {
  WORKLOADS,
  annotationsOf,
  container,
  createPolicy,
  createWorkload,
  newborn,
  podsOf,
  recommended,
  resourcesOf,
  untilNewborn,
} from './pods.js';
import type { World } from './world.js';

const wanted = { requests: { cpu: '240m', memory: '512Mi' } };

export function injection(here: () => World): void {
  let world: World;
  let namespace: string;

  before(async () => {
    world = here();
    namespace = await world.namespace('injection');
  });

  for (const kind of ['Deployment', 'StatefulSet', 'DaemonSet'] as const) {
    it(`B-WEB-2 the pods that Kubernetes makes of a ${kind} get what its annotations say; its template stays`, async () => {
      const name = kind.toLowerCase();
      const policy = await createPolicy(world, namespace, name);
      const own = { requests: { cpu: '100m' }, limits: { memory: '1Gi' } };
      const created = await createWorkload(world, namespace, name, {
        kind,
        annotations: annotationsOf(policy, { app: wanted }),
        containers: [container('app', own), container('other')],
      });
      const [pod] = await podsOf(world, namespace, name);
      expect(resourcesOf(pod)).to.deep.equal({ requests: { cpu: '240m', memory: '512Mi' }, limits: { memory: '1Gi' } });
      expect(resourcesOf(pod, 'other')).to.deep.equal({});
      const after = await world.client.get(WORKLOADS[kind], { namespace, name });
      expect(after.spec).to.deep.equal(created.spec);
      expect(after.metadata.generation).to.equal(1);
    });
  }

  it('B-WEB-2 from memory: in steady state not one request to kube-apiserver', async () => {
    const policy = await createPolicy(world, namespace, 'steady');
    const annotations = annotationsOf(policy, { app: wanted });
    await createWorkload(world, namespace, 'steady', { annotations });
    const asked = async () => {
      const { values } = await world.webhook.metrics.restClientRequests.get();
      return values.reduce((sum, { value }) => sum + value, 0);
    };
    let [pod] = await podsOf(world, namespace, 'steady');
    const before = await asked();
    for (let round = 0; round < 5; round += 1) {
      const { name, uid } = pod?.metadata ?? { name: '', uid: '' };
      await world.client.delete(PodKind, { namespace, name }, { uid });
      [pod] = await podsOf(world, namespace, 'steady');
      expect(resourcesOf(pod)).to.deep.equal(wanted);
    }
    expect(await asked()).to.equal(before);
  });

  it('B-WEB-3 partial keys set only what they name, equal amounts in another spelling nothing', async () => {
    const workload = await recommended(world, namespace, 'partial', { app: { requests: { cpu: '250m' } } });
    const born = (resources?: object) =>
      newborn(world, workload, { containers: [container('app', resources)] }).then((pod) => resourcesOf(pod));
    await untilNewborn(world, workload, { requests: { cpu: '250m' } });
    expect(await born({ requests: { memory: '64Mi' } })).to.deep.equal({ requests: { cpu: '250m', memory: '64Mi' } });
    expect(await born({ requests: { cpu: '1' }, limits: { cpu: '2' } })).to.deep.equal({
      requests: { cpu: '250m' },
      limits: { cpu: '2' },
    });
    const before = await world.results();
    expect(await born({ requests: { cpu: '0.25' } })).to.deep.equal({ requests: { cpu: '250m' } });
    expect((await world.results()).unchanged).to.equal((before.unchanged ?? 0) + 1);
  });

  it('B-ANN-4 containers with names too long for keys get theirs, too', async () => {
    const name = 'a-container-with-a-name-as-long-as-kubernetes-allows-it-to-be-0';
    const workload = await recommended(world, namespace, 'long', { [name]: wanted, app: wanted });
    await untilNewborn(world, workload, wanted);
    const pod = await newborn(world, workload, { containers: [container('app'), container(name)] });
    expect(resourcesOf(pod, name)).to.deep.equal(wanted);
  });

  it('B-APP-12 sidecars are containers; ordinary init containers are left alone', async () => {
    const workload = await recommended(world, namespace, 'sidecars', {
      app: wanted,
      proxy: { requests: { cpu: '20m' } },
      setup: { requests: { cpu: '2' } },
    });
    await untilNewborn(world, workload, wanted);
    const pod = await newborn(world, workload, {
      containers: [container('app'), container('injected-by-another')],
      initContainers: [container('setup'), container('proxy', undefined, { restartPolicy: 'Always' })],
    });
    const found = ['app', 'injected-by-another', 'setup', 'proxy'].map((name) => resourcesOf(pod, name));
    expect(found).to.deep.equal([wanted, {}, {}, { requests: { cpu: '20m' } }]);
  });

  it('B-WEB-3 bad quantities are skipped and counted, the rest is used', async () => {
    const workload = await recommended(world, namespace, 'bad', {
      app: { requests: { cpu: 'lots', memory: '512Mi' } },
    });
    const before = await world.results();
    await untilNewborn(world, workload, { requests: { memory: '512Mi' } });
    expect((await world.results())['invalid-value'] ?? 0).to.be.greaterThan(before['invalid-value'] ?? 0);
  });

  it('B-WEB-4 namespaces without the label are untouched', async () => {
    const unlabelled = await world.namespace('unlabelled', {});
    await untouched(unlabelled);
    await world.client.patch(
      Namespace,
      { name: unlabelled },
      { metadata: { labels: { 'optipod.io/webhook': 'disabled' } } },
      { type: 'merge' },
    );
    await untouched(unlabelled, 'still');
  });

  for (const name of ['kube-system', 'kube-public', 'optipod-system']) {
    it(`B-WEB-4 ${name} is untouched, labelled or not`, async () => {
      const labels = { 'optipod.io/webhook': 'enabled', 'pod-security.kubernetes.io/enforce': 'privileged' };
      await world.client.patch(Namespace, { name }, { metadata: { labels } }, { type: 'merge' });
      await untouched(name);
    });
  }

  it('B-WEB-4 pods of the operator and the webhook are untouched wherever they are', async () => {
    const workload = await recommended(world, namespace, 'elsewhere', { app: wanted });
    await untilNewborn(world, workload, wanted);
    for (const name of ['optipod', 'optipod-webhook']) {
      const pod = await newborn(world, workload, undefined, { labels: { 'app.kubernetes.io/name': name } });
      expect(resourcesOf(pod)).to.deep.equal({});
    }
  });

  async function untouched(where: string, name = 'untouched'): Promise<void> {
    const workload = await recommended(world, where, name, { app: wanted });
    const before = await world.results();
    // As in a namespace of users, where it would have been patched by then.
    const control = await recommended(world, namespace, `as-in-${where}-${name}`, { app: wanted });
    await untilNewborn(world, control, wanted);
    const patched = await world.results();
    expect(resourcesOf(await newborn(world, workload))).to.deep.equal({});
    expect(await world.results()).to.deep.equal(patched);
    expect(patched.patched).to.be.greaterThan(before.patched ?? 0);
  }
}
