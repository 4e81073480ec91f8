import { expect } from 'chai';
import type { JsonPatchOperation, Pod, ResourceRequirements } from 'optipod/kube';
import { waitFor } from '../../kit/index.js';
import { container, newborn, recommended, resourcesOf, untilNewborn } from './pods.js';
import { startWebhookAfter } from './webhook-after.js';
import type { World } from './world.js';

const wanted = { requests: { cpu: '240m', memory: '512Mi' } };
/** Says that the other webhook was asked. */
const SEEN = 'example.com/seen';

export function reinvocation(here: () => World): void {
  /** The pod of a workload that another webhook changes after ours, and what ours counted for it. */
  async function changedAfter(name: string, change: (pod: Pod) => readonly JsonPatchOperation[]) {
    const world = here();
    const namespace = await world.namespace(name);
    const workload = await recommended(world, namespace, 'web', { app: wanted });
    await untilNewborn(world, workload, wanted);
    const seen = { op: 'add', path: '/metadata/labels', value: { [SEEN]: 'true' } } as const;
    const other = await startWebhookAfter(world.client, namespace, (pod) => [seen, ...change(pod)]);
    try {
      await waitFor('the other webhook to be asked', async () =>
        (await newborn(world, workload)).metadata.labels?.[SEEN] === 'true' ? true : undefined,
      );
      const before = await world.results();
      const pod = await newborn(world, workload);
      const after = await world.results();
      const counted = Object.entries(after).map(([result, count]) => [result, count - (before[result] ?? 0)] as const);
      return { pod, counted: Object.fromEntries(counted.filter(([, count]) => count > 0)) };
    } finally {
      await other.stop();
    }
  }

  const set = (path: string, value: ResourceRequirements[keyof ResourceRequirements] | string) =>
    ({ op: 'add', path: `/spec/containers/0/resources/${path}`, value: value ?? {} }) as const;

  it('B-WEB-4 a webhook after ours changes the pod, ours is asked again and says the same', async () => {
    const { pod, counted } = await changedAfter('labelled', () => []);
    expect(pod.metadata.labels).to.include({ [SEEN]: 'true' });
    expect(resourcesOf(pod)).to.deep.equal(wanted);
    expect(counted).to.deep.equal({ patched: 1, unchanged: 1 });
  });

  it('B-WEB-4 B-APP-12 a container that a webhook after ours injects is left alone', async () => {
    const own = { requests: { cpu: '10m' }, limits: { memory: '64Mi' } };
    const inject = { op: 'add', path: '/spec/containers/-', value: container('injected', own) } as never;
    const { pod, counted } = await changedAfter('injected', ({ spec }) => (spec.containers.length > 1 ? [] : [inject]));
    expect(resourcesOf(pod)).to.deep.equal(wanted);
    expect(resourcesOf(pod, 'injected')).to.deep.include({ limits: own.limits });
    expect(resourcesOf(pod, 'injected')?.requests).to.include(own.requests);
    expect(counted).to.deep.equal({ patched: 1, unchanged: 1 });
  });

  it('B-WEB-4 what a webhook after ours makes of the recommended values is set right again, once', async () => {
    const { pod, counted } = await changedAfter('overridden', () => [set('requests/cpu', '1')]);
    expect(resourcesOf(pod)).to.deep.equal(wanted);
    expect(counted).to.deep.equal({ patched: 2 });
  });

  it('B-WEB-1 B-WEB-4 a limit below the recommended request, set by a webhook after ours, gets no pod refused', async () => {
    const { pod, counted } = await changedAfter('limited', () => [set('limits', { cpu: '100m' })]);
    expect(resourcesOf(pod)).to.deep.equal({ requests: { cpu: '100m', memory: '512Mi' }, limits: { cpu: '100m' } });
    expect(counted).to.deep.equal({ patched: 2 });
  });
}
