import { expect } from 'chai';
import { Deployment, PodKind, ReplicaSet, type Pod, type WorkloadObject } from 'optipod/kube';
import { annotationsOf, container, createPolicy, createWorkload, newborn, podsOf, resourcesOf } from './pods.js';
import type { World } from './world.js';

const wanted = { requests: { cpu: '240m', memory: '512Mi' } };
const SOAK = process.env.OPTIPOD_TRIES !== undefined;
const ROUNDS = SOAK ? 200 : 20;

/** The webhook's watch has a few milliseconds' delay; nothing here waits for it. */
export function young(here: () => World): void {
  let world: World;
  let namespace: string;
  let annotations: Record<string, string>;

  before(async () => {
    world = here();
    namespace = await world.namespace('young');
    annotations = annotationsOf(await createPolicy(world, namespace, 'young'), { app: wanted });
  });

  for (const kind of ['StatefulSet', 'DaemonSet'] as const) {
    it(`B-WEB-2 a pod right after its ${kind} has what its annotations say, ${String(ROUNDS)} times in a row`, async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const name = `${kind.toLowerCase()}-${String(round)}`;
        const workload = await createWorkload(world, namespace, name, { kind, replicas: 0, annotations });
        expect(resourcesOf(await newborn(world, { ...workload, kind })), name).to.deep.equal(wanted);
      }
    });
  }

  it(`B-WEB-2 a pod right after its Deployment and ReplicaSet, too, ${String(ROUNDS)} times in a row`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `deployment-${String(round)}`;
      const workload = await createWorkload(world, namespace, name, { replicas: 0, annotations });
      expect(resourcesOf(await podOf(workload)), name).to.deep.equal(wanted);
    }
  });

  it('B-WEB-2 a pod whose Deployment says nothing yet starts as it is', async () => {
    const before = await world.results();
    const workload = await createWorkload(world, namespace, 'silent', { replicas: 0 });
    expect(resourcesOf(await podOf(workload))).to.deep.equal({});
    expect((await world.results())['no-recommendation']).to.equal((before['no-recommendation'] ?? 0) + 1);
  });

  it(`B-WEB-2 the pods that Kubernetes makes of a Deployment at once have theirs, ${String(ROUNDS)} times; none is refused`, async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `made-${String(round)}`;
      await createWorkload(world, namespace, name, { annotations });
      const [pod] = await podsOf(world, namespace, name);
      expect(resourcesOf(pod), name).to.deep.equal(wanted);
    }
    await noneRefused();
  });

  it('B-WEB-2 where the annotations come right after the Deployment its pods have theirs or start as they are', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const name = `annotated-${String(round)}`;
      await createWorkload(world, namespace, name);
      await world.client.patch(Deployment, { namespace, name }, { metadata: { annotations } }, { type: 'merge' });
      const [pod] = await podsOf(world, namespace, name);
      expect(JSON.stringify(resourcesOf(pod)), name).to.be.oneOf([JSON.stringify(wanted), '{}']);
    }
    await noneRefused();
  });

  async function noneRefused(): Promise<void> {
    const refused = ['--field-selector', 'reason=FailedCreate'];
    const { stdout } = await world.cluster.kubectl(['get', 'events', '-n', namespace, ...refused]);
    expect(stdout).to.equal('');
  }

  /** A pod of a ReplicaSet of a Deployment, all made by hand. */
  async function podOf({ metadata: { name, uid } }: WorkloadObject): Promise<Pod> {
    const labels = { app: name, by: 'hand' };
    const spec = { automountServiceAccountToken: false, containers: [container('app')] };
    const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name, uid, controller: true };
    const { metadata } = await world.client.create(ReplicaSet, {
      metadata: { namespace, name: `${name}-1`, labels, ownerReferences: [owner] },
      spec: { replicas: 0, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    });
    const ownerReferences = [{ ...owner, kind: 'ReplicaSet', name: metadata.name, uid: metadata.uid }];
    const pod = { metadata: { namespace, generateName: `${name}-1-`, ownerReferences }, spec };
    return world.client.create(PodKind, pod, { dryRun: true });
  }
}
