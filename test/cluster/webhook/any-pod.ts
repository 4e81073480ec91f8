import { expect } from 'chai';
import fc from 'fast-check';
import { LimitRangeKind, type Container, type Pod, type PodSpec, type WorkloadObject } from 'optipod/kube';
import { container, newborn, recommended, untilNewborn } from './pods.js';
import type { World } from './world.js';

const SEED = 20_260_128;
const NAMESPACES = 24;
const WORKLOADS = 4;
const PODS = 8;

const amounts = (cpu: readonly string[], memory: readonly string[]) =>
  fc.record({ cpu: fc.constantFrom(...cpu), memory: fc.constantFrom(...memory) }, { requiredKeys: [] });
/** They meet: each is another's limit, its 1.1-fold or its double. */
const low = amounts(['100m', '110m', '200m'], ['64Mi', '100Mi', '110Mi']);
const high = amounts(['200m', '220m', '400m', '1'], ['110Mi', '200Mi', '220Mi', '1Gi']);
const resources = fc.record({ requests: low, limits: high }, { requiredKeys: [] });
const recommendation = fc.record({ requests: fc.oneof(low, high), limits: high }, { requiredKeys: ['requests'] });
const ratios = fc.record({ cpu: fc.constantFrom('1.1', '2', '3.33') }, { requiredKeys: [] });
const range = fc.record(
  {
    type: fc.constantFrom('Container', 'Pod'),
    min: amounts(['50m', '100m'], ['32Mi', '64Mi']),
    max: high,
    maxLimitRequestRatio: ratios,
  },
  { requiredKeys: ['type'] },
);
const spec = fc
  .tuple(resources, resources, fc.option(resources), fc.boolean())
  .map(([app, other, setup, sidecar]): PodSpec => {
    const containers = [container('app', app), container('other', other)];
    const more = sidecar ? { restartPolicy: 'Always' } : {};
    const initContainers: Container[] = setup ? [container('setup', setup, more)] : [];
    return { containers, initContainers };
  });
const said = fc.dictionary(fc.constantFrom('app', 'other', 'setup'), recommendation);

/** Kept away from the webhook by its object selector; the rest of admission is the same. */
const AS_IT_IS = { labels: { 'app.kubernetes.io/name': 'optipod' } };

export function anyPod(here: () => World): void {
  it('B-WEB-1 a pod that kube-apiserver takes as it is, it takes with what the webhook makes of it', async () => {
    const world = here();
    const before = await world.results();
    const ranges = fc.sample(range, { seed: SEED, numRuns: NAMESPACES });
    const taken = await Promise.all(
      ranges.map((item, index) => tryUnder(world, `any-pod-${String(index)}`, item, index)),
    );
    const { patched = 0, error = 0, ...others } = await world.results();
    expect(error).to.equal(before.error ?? 0);
    // It says nothing where all are refused, or none is changed.
    expect(taken.reduce((sum, count) => sum + count, 0)).to.be.greaterThan(20);
    expect(patched - (before.patched ?? 0)).to.be.greaterThan(20);
    const reasons = Object.entries(others).filter(([reason, count]) => count > (before[reason] ?? 0));
    expect(reasons.map(([reason]) => reason)).to.include.members([
      'refused-LimitRange',
      'refused-RequestAboveLimit',
      'unchanged',
    ]);
  });
}

/** @returns how many pods were taken. */
async function tryUnder(world: World, namespace: string, item: object, seed: number): Promise<number> {
  await world.namespace(namespace);
  const limits = tidy(item);
  const created = await world.client
    .create(LimitRangeKind, { metadata: { namespace, name: 'limits' }, spec: { limits: [limits] } })
    .catch(() => undefined);
  // One that contradicts itself is none.
  if (!created) return 0;
  const workloads: WorkloadObject[] = [];
  for (const [index, containers] of fc.sample(said, { seed: SEED + seed, numRuns: WORKLOADS }).entries()) {
    workloads.push(await recommended(world, namespace, `web-${String(index)}`, containers));
  }
  const other = await world.namespace(`${namespace}-control`);
  const last = await recommended(world, other, 'last', { app: { requests: { cpu: '1' } } });
  await untilNewborn(world, last, { requests: { cpu: '1' } });
  let taken = 0;
  for (const workload of workloads) {
    for (const pod of fc.sample(spec, { seed: SEED + seed, numRuns: PODS })) {
      const plain = await outcome(newborn(world, workload, pod, AS_IT_IS));
      if (typeof plain === 'string') continue;
      taken += 1;
      const changed = await outcome(newborn(world, workload, pod));
      const about = JSON.stringify({ limits, pod, annotations: workload.metadata.annotations }, undefined, 1);
      if (typeof changed === 'string') expect.fail(`${changed}\n${about}`);
      expect(
        changed.status?.qosClass === plain.status?.qosClass || plain.status?.qosClass === 'BestEffort',
        about,
      ).to.equal(true);
    }
  }
  return taken;
}

/** Keeps what a LimitRange may say: a minimum that is no more than the maximum. */
function tidy(item: object): object {
  return Object.fromEntries(
    Object.entries(item).filter(([, value]) => typeof value === 'string' || Object.keys(value as object).length > 0),
  );
}

async function outcome(
  born: Promise<Pod>,
): Promise<(Pod & { readonly status?: { readonly qosClass?: string } }) | string> {
  return born.catch((error: unknown) => String(error));
}
