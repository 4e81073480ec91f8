import { expect } from 'chai';
import fc from 'fast-check';
import { LimitRangeKind, type Container, type Pod, type PodSpec, type WorkloadObject } from 'optipod/kube';
import { container, newborn, recommended, untilNewborn } from './pods.js';
import type { World } from './world.js';

const SEED = 20_260_128;
const SOAK = process.env.OPTIPOD_TRIES !== undefined;
const NAMESPACES = SOAK ? 240 : 24;
const AT_ONCE = 24;
const WORKLOADS = 4;
const PODS = 10;

const amounts = (cpu: readonly string[], memory: readonly string[]) =>
  fc.record({ cpu: fc.constantFrom(...cpu), memory: fc.constantFrom(...memory) }, { requiredKeys: [] });
/** They meet: each is another's limit, its 1.1-fold or its double; some of them in another spelling. */
const low = amounts(['100m', '0.1', '110m', '2e-1', '0'], ['64Mi', '104857600', '110Mi', '100.5M', '0']);
const high = amounts(['200m', '.22', '400m', '1'], ['110Mi', '2e8', '220Mi', '1Gi']);
/** What nobody right-sizes, and stays. */
const others = fc.constantFrom<object>(
  ...[{}, {}, { 'example.com/gpu': '1' }, { 'hugepages-2Mi': '4Mi' }, { 'ephemeral-storage': '1Gi' }],
);
const resources = fc
  .record({ requests: low, limits: fc.tuple(high, others).map(([own, more]) => ({ ...own, ...more })) })
  .chain((both) => fc.constantFrom(both, { requests: both.requests }, { limits: both.limits }, {}));
const recommendation = fc.record({ requests: fc.oneof(low, high), limits: high }, { requiredKeys: ['requests'] });

/** One or two of the bounds that items of a type may have; in this order they do not contradict each other. */
const itemOf = (type: string, bounds: Readonly<Record<string, fc.Arbitrary<object>>>) =>
  fc
    .subarray(Object.keys(bounds), { minLength: 1, maxLength: 2 })
    .chain((some) => fc.record(Object.fromEntries(some.map((name) => [name, bounds[name] ?? fc.constant({})]))))
    .map((item) => ({ ...item, type }));
const ofContainers = itemOf('Container', {
  min: amounts(['50m', '100m'], ['32Mi', '64Mi']),
  defaultRequest: amounts(['100m', '110m'], ['64Mi', '110Mi']),
  default: amounts(['200m', '0.22'], ['110Mi', '200Mi']),
  max: amounts(['220m', '400m', '1'], ['200Mi', '1Gi']),
  maxLimitRequestRatio: amounts(['1', '1.1', '2', '3.33'], ['2', '3.5']),
});
const ofPods = itemOf('Pod', {
  min: amounts(['100m', '200m'], ['64Mi', '128Mi']),
  max: amounts(['400m', '1', '2'], ['220Mi', '1Gi']),
  maxLimitRequestRatio: amounts(['1.1', '2', '3.33'], ['2', '3.5']),
});
/** Of two LimitRanges with defaults for containers kube-apiserver takes either: what becomes of one pod would be chance. */
const ranges = fc
  .tuple(fc.array(fc.oneof(ofContainers, ofPods), { minLength: 1, maxLength: 2 }), fc.option(ofPods))
  .map(([first, second]) => [first, ...(second ? [[second]] : [])]);

const restart = (resourceName: string) =>
  fc.record({
    resourceName: fc.constant(resourceName),
    restartPolicy: fc.constantFrom('NotRequired', 'RestartContainer'),
  });
const more = fc.record({ resizePolicy: fc.tuple(restart('cpu'), restart('memory')) }, { requiredKeys: [] });
const app = (name: string) => fc.tuple(resources, more).map(([own, policy]) => container(name, own, policy));
const setup = resources.map((own) => container('setup', own));
const proxy = app('proxy').map((one): Container => ({ ...one, restartPolicy: 'Always' }));
const ofPod = fc.constantFrom({ requests: { cpu: '1' } }, { limits: { cpu: '2', memory: '2Gi' } });
const spec = fc
  .record({
    containers: fc.tuple(app('app'), app('other')),
    initContainers: fc.tuple(setup, proxy).chain(([a, b]) => fc.constantFrom([], [a], [b], [a, b], [b, a])),
    resources: fc.oneof({ weight: 8, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: ofPod }),
  })
  .map(({ resources: whole, ...containers }): PodSpec => ({ ...containers, ...(whole ? { resources: whole } : {}) }));
const said = fc.dictionary(fc.constantFrom('app', 'other', 'setup', 'proxy'), recommendation);

/** Kept away from the webhook by its object selector; the rest of admission is the same. */
const AS_IT_IS = { labels: { 'app.kubernetes.io/name': 'optipod' } };

export function anyPod(here: () => World): void {
  it('B-WEB-1 a pod that kube-apiserver takes as it is, it takes with what the webhook makes of it', async () => {
    const world = here();
    const before = await world.results();
    const all = fc.sample(ranges, { seed: SEED, numRuns: NAMESPACES });
    let taken = 0;
    for (let first = 0; first < NAMESPACES; first += AT_ONCE) {
      const next = all.slice(first, first + AT_ONCE);
      const counts = await Promise.all(next.map((some, at) => tryUnder(world, some, first + at)));
      taken += counts.reduce((sum, count) => sum + count, 0);
    }
    const { patched = 0, error = 0, ...others } = await world.results();
    expect(error).to.equal(before.error ?? 0);
    // It says nothing where all are refused, or none is changed.
    expect(taken).to.be.greaterThan(20);
    expect(patched - (before.patched ?? 0)).to.be.greaterThan(20);
    const reasons = Object.entries(others).filter(([reason, count]) => count > (before[reason] ?? 0));
    expect(reasons.map(([reason]) => reason)).to.include.members([
      'refused-LimitRange',
      'refused-RequestAboveLimit',
      'refused-QosClassWouldChange',
      'refused-PodLevelResources',
      'unchanged',
    ]);
  });
}

/** @returns how many pods were taken. */
async function tryUnder(world: World, some: readonly (readonly object[])[], seed: number): Promise<number> {
  const namespace = await world.namespace(`any-pod-${String(seed)}`);
  const limits = some.map((items) => items.map(tidy));
  for (const [index, items] of limits.entries()) {
    const created = await world.client
      .create(LimitRangeKind, { metadata: { namespace, name: `limits-${String(index)}` }, spec: { limits: items } })
      .catch(() => undefined);
    // One that contradicts itself is none.
    if (!created) return 0;
  }
  const workloads: WorkloadObject[] = [];
  for (const [index, containers] of fc.sample(said, { seed: SEED + seed, numRuns: WORKLOADS }).entries()) {
    workloads.push(await recommended(world, namespace, `web-${String(index)}`, containers));
  }
  const other = await world.namespace(`${namespace}-control`);
  const last = await recommended(world, other, 'last', { app: { requests: { cpu: '1' } } });
  await untilNewborn(world, last, { requests: { cpu: '1' } });
  // Of LimitRanges neither kube-apiserver nor the webhook says when it has seen one.
  await new Promise((resolve) => setTimeout(resolve, 500));
  let taken = 0;
  for (const [index, workload] of workloads.entries()) {
    for (const pod of fc.sample(spec, { seed: SEED + seed * WORKLOADS + index, numRuns: PODS })) {
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

/** A LimitRange must not say nothing of something. */
function tidy(one: object): object {
  return Object.fromEntries(
    Object.entries(one).filter(([, value]) => typeof value === 'string' || Object.keys(value as object).length > 0),
  );
}

async function outcome(
  born: Promise<Pod>,
): Promise<(Pod & { readonly status?: { readonly qosClass?: string } }) | string> {
  return born.catch((error: unknown) => String(error));
}
