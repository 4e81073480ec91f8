import { expect } from 'chai';
import { LimitRangeKind, type PodSpec } from 'optipod/kube';
import { container, newborn, recommended, resourcesOf, untilNewborn } from './pods.js';
import type { World } from './world.js';

const wanted = { requests: { cpu: '240m', memory: '512Mi' } };

export function validity(here: () => World): void {
  let world: World;

  before(() => {
    world = here();
  });

  /** A namespace with a LimitRange, and a workload with recommendations in it. */
  async function under(name: string, limits: readonly object[], containers: Record<string, object> = { app: wanted }) {
    const namespace = await world.namespace(name);
    const workload = await recommended(world, namespace, 'web', containers);
    await untilNewborn(world, workload, containers.app ?? {});
    await world.client.create(LimitRangeKind, { metadata: { namespace, name: 'limits' }, spec: { limits } });
    // LimitRanger looks before and after the webhook: a pod is made of what each of them knows at that moment.
    await settled();
    return workload;
  }

  /** LimitRanger and the webhook watch LimitRanges, and neither says when it has seen one. */
  const settled = () => new Promise((resolve) => setTimeout(resolve, 250));

  /** What a newborn pod has once the reason is counted: kube-apiserver and the webhook have both seen the LimitRange. */
  async function refused(workload: Parameters<typeof newborn>[1], reason: string, spec?: PodSpec) {
    const counted = async () => (await world.results())[`refused-${reason}`] ?? 0;
    for (let attempt = 0; ; attempt += 1) {
      const before = await counted();
      const pod = await newborn(world, workload, spec);
      if ((await counted()) > before) return resourcesOf(pod);
      expect(attempt, `never counted as refused-${reason}`).to.be.lessThan(500);
    }
  }

  it('B-WEB-1 a request above the limit that LimitRange sets by default: admitted unchanged, and counted', async () => {
    const limits = [{ type: 'Container', default: { cpu: '200m', memory: '256Mi' }, defaultRequest: { cpu: '50m' } }];
    const workload = await under('default-limits', limits);
    expect(await refused(workload, 'RequestAboveLimit')).to.deep.equal({
      requests: { cpu: '50m', memory: '256Mi' },
      limits: { cpu: '200m', memory: '256Mi' },
    });
  });

  it('B-WEB-1 what LimitRange forbids (min, max, ratio; per container and per pod): admitted unchanged, and counted', async () => {
    const own = { requests: { cpu: '500m', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } };
    const spec = { containers: [container('app', own)] };
    for (const [name, limits] of [
      ['min', { type: 'Container', min: { cpu: '300m' } }],
      ['ratio', { type: 'Container', maxLimitRequestRatio: { cpu: '2' } }],
      ['min-pod', { type: 'Pod', min: { memory: '600Mi' } }],
      ['ratio-pod', { type: 'Pod', maxLimitRequestRatio: { memory: '1.5' } }],
    ] as const) {
      const workload = await under(name, [limits]);
      expect(await refused(workload, 'LimitRange', spec), name).to.deep.equal(own);
    }
    const workload = await under('max-pod', [{ type: 'Pod', max: { memory: '1Gi' } }]);
    const pair = { containers: [container('app'), container('other', { limits: { memory: '600Mi' } })] };
    expect(await refused(workload, 'LimitRange', pair)).to.deep.equal({});
  });

  it('B-REC-4 a Guaranteed pod stays as it is; with limits that follow it stays Guaranteed', async () => {
    const namespace = await world.namespace('guaranteed');
    const same = { cpu: '1', memory: '1Gi' };
    const spec = { containers: [container('app', { requests: same, limits: same })] };
    const requestsOnly = await recommended(world, namespace, 'requests', { app: wanted });
    const both = await recommended(world, namespace, 'both', { app: { ...wanted, limits: wanted.requests } });
    await untilNewborn(world, both, { limits: wanted.requests, requests: wanted.requests });
    expect(await refused(requestsOnly, 'QosClassWouldChange', spec)).to.deep.equal({ requests: same, limits: same });
    const { requests, limits } = resourcesOf(await newborn(world, both, spec)) ?? {};
    expect([requests, limits]).to.deep.equal([wanted.requests, wanted.requests]);
  });

  it('B-WEB-1 a LimitRange that says nothing is no obstacle', async () => {
    const namespace = await world.namespace('says-nothing');
    const workload = await recommended(world, namespace, 'web', { app: wanted });
    await world.apply([{ apiVersion: 'v1', kind: 'LimitRange', metadata: { namespace, name: 'empty' }, spec: {} }]);
    // One that came later is known by its effect.
    const later = await under('says-something', [{ type: 'Container', min: { cpu: '300m' } }]);
    const own = { requests: { cpu: '500m' } };
    expect(await refused(later, 'LimitRange', { containers: [container('app', own)] })).to.deep.equal(own);
    expect(resourcesOf(await newborn(world, workload))).to.deep.equal(wanted);
  });

  it('B-WEB-1 whatever quantity the annotations hold: kube-apiserver takes the pod', async () => {
    const namespace = await world.namespace('spellings');
    const spellings = ['1', '0.5', '.5', '5.', '+5', '1e3', '1E3', '1e+3', '1e-3', '1E', '100n', '1u', '0.1m', '1.5Gi'];
    const odd = [
      '1e',
      'e3',
      '1 Gi',
      '1gi',
      '١',
      '-0',
      '0x10',
      '1_000',
      '1e400',
      '1e-400',
      '9'.repeat(400),
      '1.2.3',
      '∞',
    ];
    for (const [index, amount] of [...spellings, ...odd].entries()) {
      const name = `spelling-${String(index)}`;
      const workload = await recommended(world, namespace, name, {
        app: { requests: { cpu: amount, memory: amount } },
      });
      const control = await recommended(world, namespace, `control-${String(index)}`, { app: wanted });
      await untilNewborn(world, control, wanted);
      const pod = await newborn(world, workload);
      if (spellings.includes(amount)) expect(resourcesOf(pod)?.requests, amount).to.have.all.keys('cpu', 'memory');
    }
  });
}
