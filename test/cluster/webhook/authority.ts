import { expect } from 'chai';
import { Namespace, type WorkloadObject } from 'optipod/kube';
import { OptimizationPolicy } from 'optipod/lib/api';
import { NAMES, PAUSED_ANNOTATION } from 'optipod/lib/optipod';
import { WORKLOADS, createPolicy, recommended, untilNewborn } from './pods.js';
import type { World } from './world.js';

const wanted = { requests: { cpu: '240m', memory: '512Mi' } };

export function authority(here: () => World): void {
  let world: World;
  let namespace: string;

  before(async () => {
    world = here();
    namespace = await world.namespace('authority');
  });

  /** The operator has no part in it: the annotations are still there. */
  async function stillSaid({ metadata: { name, annotations } }: WorkloadObject): Promise<void> {
    const after = await world.client.get(WORKLOADS.StatefulSet, { namespace, name });
    expect(after.metadata.annotations).to.deep.equal(annotations);
  }

  for (const [what, spec] of [
    ['goes to Recommend', { mode: 'Recommend' }],
    ['goes to Disabled', { mode: 'Disabled' }],
    ['goes to another strategy', { updateStrategy: { strategy: 'ssa' } }],
  ] as const) {
    it(`B-ANN-5 injection stops at once when the policy ${what}, and begins again when it comes back`, async () => {
      const name = what.toLowerCase().replaceAll(' ', '-');
      const workload = await recommended(world, namespace, name, { app: wanted });
      await untilNewborn(world, workload, wanted);
      const ref = { namespace, name };
      const { spec: before } = await world.client.get(OptimizationPolicy, ref);
      await world.client.patch(OptimizationPolicy, ref, { spec }, { type: 'merge' });
      await untilNewborn(world, workload, 'own');
      await stillSaid(workload);
      await world.client.patch(OptimizationPolicy, ref, { spec: before }, { type: 'merge' });
      await untilNewborn(world, workload, wanted);
    });
  }

  it('B-ANN-5 injection stops at once when the policy is deleted; one made anew under its name is another', async () => {
    const workload = await recommended(world, namespace, 'deleted', { app: wanted });
    await untilNewborn(world, workload, wanted);
    await world.client.delete(OptimizationPolicy, { namespace, name: 'deleted' });
    await untilNewborn(world, workload, 'own');
    const before = await world.results();
    await createPolicy(world, namespace, 'deleted');
    // Another that is seen shows that this one is.
    const control = await recommended(world, namespace, 'control', { app: wanted });
    await untilNewborn(world, control, wanted);
    await untilNewborn(world, workload, 'own');
    await stillSaid(workload);
    expect((await world.results())['no-policy'] ?? 0).to.be.greaterThan(before['no-policy'] ?? 0);
  });

  it('B-SEL-7 injection stops when the annotations are taken away by hand', async () => {
    const workload = await recommended(world, namespace, 'by-hand', { app: wanted });
    await untilNewborn(world, workload, wanted);
    const keys = Object.keys(workload.metadata.annotations ?? {});
    const ref = `statefulset/${workload.metadata.name}`;
    await world.cluster.kubectl(['annotate', ref, '-n', namespace, ...keys.map((key) => `${key}-`)]);
    await untilNewborn(world, workload, 'own');
  });

  it('B-APP-10 the annotation on its own namespace stops it for every policy, and its end starts it again', async () => {
    const workload = await recommended(world, namespace, 'paused', { app: wanted });
    await untilNewborn(world, workload, wanted);
    const before = await world.results();
    const pause = (value: string | null) => {
      const annotations = { [PAUSED_ANNOTATION]: value };
      return world.client.patch(Namespace, { name: NAMES.namespace }, { metadata: { annotations } }, { type: 'merge' });
    };
    await pause('true');
    await untilNewborn(world, workload, 'own');
    expect((await world.results()).paused ?? 0).to.be.greaterThan(before.paused ?? 0);
    await stillSaid(workload);
    await pause('false');
    await untilNewborn(world, workload, wanted);
    await pause(null);
  });
}
