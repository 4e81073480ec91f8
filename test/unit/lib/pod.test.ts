import { expect } from 'chai';
import fc from 'fast-check';
import { compareQuantities, quantityOf, type LimitRange, type PodSpec, type ResourceRequirements } from 'optipod/kube';
import { controllerOf, deploymentOf, patchPod, qosClass } from 'optipod/lib/pod';
import { applyPatch } from '../../support/json-patch.js';

const web = (resources?: PodSpec['resources']): PodSpec => ({
  containers: [{ name: 'web', ...(resources ? { resources } : {}) }],
});
const wanted = (requests: Record<string, string>, limits?: Record<string, string>) =>
  new Map([['web', { requests, ...(limits ? { limits } : {}) }]]);

describe('patching a pod', () => {
  it('B-WEB-3 makes missing maps, patches only the keys that differ, and equal amounts give no patch', () => {
    const all = wanted({ cpu: '240m', memory: '512Mi' });
    expect(patchPod(web(), all, [])).to.deep.include({
      operations: [
        { op: 'add', path: '/spec/containers/0/resources', value: { requests: { cpu: '240m', memory: '512Mi' } } },
      ],
    });
    expect(patchPod(web({ limits: { cpu: '1' } }), all, [])).to.deep.include({
      operations: [
        { op: 'add', path: '/spec/containers/0/resources/requests', value: { cpu: '240m', memory: '512Mi' } },
      ],
    });
    expect(patchPod(web({ requests: { cpu: '100m' } }), all, [])).to.deep.include({
      operations: [
        { op: 'replace', path: '/spec/containers/0/resources/requests/cpu', value: '240m' },
        { op: 'add', path: '/spec/containers/0/resources/requests/memory', value: '512Mi' },
      ],
    });
    expect(patchPod(web({ requests: { cpu: '0.24', memory: '536870912' } }), all, [])).to.include({
      outcome: 'unchanged',
    });
  });

  it('B-WEB-3 bad quantities are skipped and named, the rest is used', () => {
    const result = patchPod(web(), wanted({ cpu: 'lots', memory: '-1' }), []);
    expect(result).to.deep.equal({
      outcome: 'unchanged',
      skipped: [
        { container: 'web', field: 'requests.cpu', value: 'lots' },
        { container: 'web', field: 'requests.memory', value: '-1' },
      ],
    });
  });

  it('B-WEB-3 zero, what is no number and what is no quantity are no recommendation', () => {
    for (const none of ['0', '0m', '-0', '0Gi', '0e5', 'NaN', 'Inf', '+Inf', '', ' ', '1 Gi', '1e', '.', '1,5'])
      expect(patchPod(web(), wanted({ cpu: none }), []), none).to.deep.equal({
        outcome: 'unchanged',
        skipped: [{ container: 'web', field: 'requests.cpu', value: none }],
      });
  });

  it('B-WEB-3 the same amount in another spelling is the same, wherever it stands', () => {
    for (const [one, another] of [
      ['1e3', '1k'],
      ['0.5', '500m'],
      ['512Mi', '536870912'],
      ['1.5Gi', '1536Mi'],
      ['100k', '1e5'],
      ['100k', '100000000m'],
    ] as const)
      for (const [has, says] of [
        [one, another],
        [another, one],
      ] as const)
        expect(patchPod(web({ requests: { memory: has } }), wanted({ memory: says }), []), says).to.include({
          outcome: 'unchanged',
        });
    // kube-apiserver hands out what was written without quotes as a number.
    expect(patchPod(web({ requests: { cpu: 2 } }), wanted({ cpu: '2' }), [])).to.include({ outcome: 'unchanged' });
  });

  it('B-WEB-1 leaves a pod whole whose request would pass its limit', () => {
    const received = web({ requests: { cpu: '100m' }, limits: { cpu: '200m' } });
    expect(patchPod(received, wanted({ cpu: '240m', memory: '1Gi' }), [])).to.include({
      outcome: 'refused',
      reason: 'RequestAboveLimit',
    });
  });

  it('B-WEB-1 B-WEB-4 a request of its own that another webhook has since set a lower limit to is cut back to that', () => {
    const all = wanted({ cpu: '240m', memory: '512Mi' });
    const limited = web({ requests: { cpu: '240m', memory: '512Mi' }, limits: { cpu: '100m' } });
    const cut = patchPod(limited, all, []);
    expect(cut).to.deep.include({
      outcome: 'patched',
      operations: [{ op: 'replace', path: '/spec/containers/0/resources/requests/cpu', value: '100m' }],
    });
    const after = applyPatch({ spec: limited }, cut.outcome === 'patched' ? cut.operations : []) as { spec: PodSpec };
    expect(patchPod(after.spec, all, [])).to.include({ outcome: 'refused', reason: 'RequestAboveLimit' });
    // The limit is managed, too: then that is what changes.
    const both = wanted({ cpu: '240m' }, { cpu: '480m' });
    expect(patchPod(limited, both, [])).to.deep.include({
      operations: [{ op: 'replace', path: '/spec/containers/0/resources/limits/cpu', value: '480m' }],
    });
    // Without any request of its author the pod would have been Guaranteed by these limits.
    const whole = web({ requests: { cpu: '240m', memory: '512Mi' }, limits: { cpu: '100m', memory: '512Mi' } });
    expect(patchPod(whole, all, [])).to.include({ outcome: 'patched' });
  });

  it('B-WEB-1 leaves a pod whole whose request would pass the limit that a LimitRange is about to set', () => {
    const limits = [{ type: 'Container', default: { cpu: '200m' } }];
    const ranges = [{ spec: { limits } }] as unknown as LimitRange[];
    expect(patchPod(web(), wanted({ cpu: '240m' }), ranges)).to.include({ reason: 'RequestAboveLimit' });
    expect(patchPod(web(), wanted({ cpu: '200m' }), ranges)).to.include({ outcome: 'patched' });
    expect(patchPod(web({ limits: { cpu: '1' } }), wanted({ cpu: '240m' }), ranges)).to.include({ outcome: 'patched' });
  });

  it('B-REC-4 keeps the QoS class; only a pod without any resources gets one', () => {
    const same = { cpu: '1', memory: '1Gi' };
    expect(patchPod(web({ requests: same, limits: same }), wanted({ cpu: '500m' }), [])).to.include({
      reason: 'QosClassWouldChange',
    });
    const burstable = web({ requests: { cpu: '500m', memory: '1Gi' }, limits: same });
    expect(patchPod(burstable, wanted({ cpu: '1' }), [])).to.include({ reason: 'QosClassWouldChange' });
    expect(patchPod(web(), wanted({ cpu: '1' }), [])).to.include({ outcome: 'patched' });
  });

  it('B-REC-4 a request of zero is not one that is missing: it keeps a pod from being Guaranteed', () => {
    const same = { cpu: '1', memory: '1Gi' };
    expect(qosClass(web({ limits: same }))).to.equal('Guaranteed');
    const zero = web({ requests: { cpu: '0', memory: '1Gi' }, limits: same });
    expect(qosClass(zero)).to.equal('Burstable');
    expect(patchPod(zero, wanted({ cpu: '500m' }), [])).to.include({ outcome: 'patched' });
    expect(patchPod(zero, wanted({ cpu: '1' }), [])).to.include({ reason: 'QosClassWouldChange' });
  });

  it('B-WEB-1 leaves a pod whole that would break a LimitRange', () => {
    const range = (type: string, bounds: object) =>
      [{ spec: { limits: [{ type, ...bounds }] } }] as unknown as LimitRange[];
    const received = web({ requests: { cpu: '500m' }, limits: { cpu: '1' } });
    const less = wanted({ cpu: '100m' });
    expect(patchPod(received, less, range('Container', { min: { cpu: '200m' } }))).to.include({ reason: 'LimitRange' });
    expect(patchPod(received, less, range('Pod', { min: { cpu: '200m' } }))).to.include({ reason: 'LimitRange' });
    expect(patchPod(received, less, range('Container', { maxLimitRequestRatio: { cpu: '4' } }))).to.include({
      reason: 'LimitRange',
    });
    expect(patchPod(received, wanted({ cpu: '800m' }), range('Container', { max: { cpu: '2' } }))).to.include({
      outcome: 'patched',
    });
    expect(patchPod(received, less, range('PersistentVolumeClaim', { min: { cpu: '1' } }))).to.include({
      outcome: 'patched',
    });
  });

  it('B-APP-12 sidecars are containers, ordinary init containers are left alone; strangers are never named', () => {
    const pod: PodSpec = {
      containers: [{ name: 'web' }],
      initContainers: [{ name: 'setup' }, { name: 'proxy', restartPolicy: 'Always' }],
    };
    const each = new Map(['setup', 'proxy', 'stranger'].map((name) => [name, { requests: { cpu: '10m' } }]));
    expect(patchPod(pod, each, [])).to.deep.include({
      operations: [{ op: 'add', path: '/spec/initContainers/1/resources', value: { requests: { cpu: '10m' } } }],
    });
  });

  it('pod-level resources are left alone', () => {
    expect(patchPod({ ...web(), resources: { requests: { cpu: '1' } } }, wanted({ cpu: '2' }), [])).to.include({
      reason: 'PodLevelResources',
    });
  });

  it('B-REC-4 pod-level resources that say nothing are none: the pod is patched, and its containers decide its class', () => {
    const same = { cpu: '1', memory: '1Gi' };
    for (const resources of [
      {},
      { requests: {} },
      { requests: {}, limits: {} },
      { limits: { 'example.com/gpu': '1' } },
    ]) {
      expect(patchPod({ ...web(), resources }, wanted({ cpu: '2' }), [])).to.include({ outcome: 'patched' });
      expect(qosClass({ ...web(), resources })).to.equal('BestEffort');
      expect(qosClass({ ...web({ requests: same, limits: same }), resources })).to.equal('Guaranteed');
    }
    const huge = { ...web(), resources: { limits: { 'hugepages-2Mi': '4Mi' } } };
    expect(patchPod(huge, wanted({ cpu: '2' }), [])).to.include({ reason: 'PodLevelResources' });
  });

  it('B-WEB-4 is idempotent, and touches nothing but container resources', () => {
    const amount = fc.constantFrom('100m', '0.1', '200m', '1', '64Mi', '1Gi');
    const amounts = fc.record({ cpu: amount, memory: amount }, { requiredKeys: [] });
    const resources = fc.record({ requests: amounts, limits: amounts }, { requiredKeys: [] });
    const container = fc.record({ name: fc.constantFrom('a', 'b', 'c'), resources }, { requiredKeys: ['name'] });
    const pods = fc.uniqueArray(container, { selector: ({ name }) => name, minLength: 1 });
    fc.assert(
      fc.property(pods, fc.dictionary(fc.constantFrom('a', 'b', 'c'), resources), (containers, recommended) => {
        const spec = { containers } as PodSpec;
        const result = patchPod(spec, new Map(Object.entries(recommended)), []);
        if (result.outcome !== 'patched') return;
        for (const { path } of result.operations) expect(path).to.match(/^\/spec\/containers\/\d\/resources/);
        const after = applyPatch({ spec }, result.operations) as { spec: PodSpec };
        // One that asks for more than its limit is nobody's: it is cut to that, and then left alone.
        const isGood = containers.every(({ resources }) =>
          (['cpu', 'memory'] as const).every((one) => isWithin(resources, one)),
        );
        const again = patchPod(after.spec, new Map(Object.entries(recommended)), []);
        expect(again.outcome).to.be.oneOf(isGood ? ['unchanged'] : ['unchanged', 'refused']);
        if (isGood && qosClass(spec) !== 'BestEffort') expect(qosClass(after.spec)).to.equal(qosClass(spec));
      }),
    );
  });
});

describe('owner chain', () => {
  const reference = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'u', controller: true };

  it('B-WEB-2 follows controller references of the three kinds only', () => {
    expect(controllerOf({ ownerReferences: [reference] })).to.include({ found: 'replicaSet', name: 'web-1' });
    expect(controllerOf({ ownerReferences: [{ ...reference, kind: 'DaemonSet' }] })).to.deep.include({
      found: 'workload',
    });
    expect(controllerOf({ ownerReferences: [{ ...reference, controller: false }] })).to.include({ found: 'none' });
    expect(controllerOf({ ownerReferences: [{ ...reference, kind: 'Job', apiVersion: 'batch/v1' }] })).to.include({
      found: 'none',
    });
    expect(controllerOf({})).to.include({ found: 'none' });
    expect(deploymentOf({ ownerReferences: [{ ...reference, kind: 'Deployment', name: 'web' }] })).to.include({
      name: 'web',
    });
    expect(
      deploymentOf({ ownerReferences: [{ ...reference, kind: 'Rollout', apiVersion: 'argoproj.io/v1alpha1' }] }),
    ).to.equal(undefined);
  });
});

function isWithin({ requests, limits }: ResourceRequirements = {}, resource: 'cpu' | 'memory'): boolean {
  const [request, limit] = [requests?.[resource], limits?.[resource]];
  if (request === undefined || limit === undefined) return true;
  return compareQuantities(quantityOf(request), quantityOf(limit)) <= 0;
}
