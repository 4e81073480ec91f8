import { expect } from 'chai';
import fc from 'fast-check';
import {
  holdsOfAutoscaler,
  horizontalAutoscaler,
  scaledObject,
  verticalAutoscaler,
  type Autoscaler,
  type HorizontalPodAutoscalerObject,
  type ScaledObjectObject,
  type VerticalPodAutoscalerObject,
} from 'optipod/lib/apply';

const metadata = { name: 'web', namespace: 'shop', uid: 'u', resourceVersion: '1', creationTimestamp: '' };
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };

type HpaMetric = NonNullable<HorizontalPodAutoscalerObject['spec']['metrics']>[number];
type Trigger = NonNullable<ScaledObjectObject['spec']['triggers']>[number];

/** `cpu`, or `cpu of app`, each once. */
function held(autoscaler: Autoscaler | undefined, containers: readonly string[] = ['app', 'side']): string[] {
  const holds = autoscaler ? holdsOfAutoscaler(autoscaler, containers) : [];
  return holds.map(({ resource = 'all', container }) =>
    container === undefined ? resource : `${resource} of ${container}`,
  );
}

const hpa = (metrics: readonly HpaMetric[], over: object = {}) =>
  horizontalAutoscaler({ metadata: { ...metadata, ...over }, spec: { scaleTargetRef, metrics } });
const keda = (...triggers: readonly Trigger[]) =>
  scaledObject({ metadata, spec: { scaleTargetRef: { name: 'web' }, triggers } });
const vpa = (spec: Partial<VerticalPodAutoscalerObject['spec']>) =>
  verticalAutoscaler({ metadata, spec: { targetRef: scaleTargetRef, ...spec } });
const resource = (name: string, type = 'Utilization'): HpaMetric => ({
  type: 'Resource',
  resource: { name, target: { type } },
});

describe('autoscalers', () => {
  it('B-APP-9 an HPA on Utilization holds the resource of all containers', () => {
    expect(held(hpa([resource('cpu')]))).to.deep.equal(['cpu']);
    expect(held(hpa([resource('memory'), resource('cpu')]))).to.deep.equal(['memory', 'cpu']);
    expect(hpa([resource('cpu')])).to.deep.include({
      target: { kind: 'Deployment', name: 'web' },
      reason: 'HeldByHPA',
      what: 'HorizontalPodAutoscaler web',
    });
  });

  it('B-APP-9 a ContainerResource holds that container alone', () => {
    const containerResource = { name: 'cpu', container: 'app', target: { type: 'Utilization' } };
    expect(held(hpa([{ type: 'ContainerResource', containerResource }]))).to.deep.equal(['cpu of app']);
  });

  it('B-APP-9 AverageValue and other metrics do not hold', () => {
    expect(hpa([resource('cpu', 'AverageValue')])).to.equal(undefined);
    expect(hpa([{ type: 'External' }, { type: 'Pods' }, { type: 'Object' }])).to.equal(undefined);
    expect(hpa([resource('nvidia.com/gpu')])).to.equal(undefined);
    const containerResource = { name: 'cpu', container: 'app', target: { type: 'AverageValue' } };
    expect(hpa([{ type: 'ContainerResource', containerResource }])).to.equal(undefined);
  });

  it('B-APP-9 only what targets a workload holds', () => {
    const spec = { metrics: [resource('cpu')] };
    const of = (ref: object) =>
      horizontalAutoscaler({ metadata, spec: { ...spec, scaleTargetRef: { name: 'web', ...ref } } });
    expect(of({ apiVersion: 'argoproj.io/v1alpha1', kind: 'Rollout' })).to.equal(undefined);
    expect(of({ apiVersion: 'example.com/v1', kind: 'Deployment' })).to.equal(undefined);
    expect(of({ apiVersion: 'apps/v1', kind: 'ReplicaSet' })).to.equal(undefined);
    expect(of({ apiVersion: 'apps/v1', kind: 'StatefulSet' })?.target).to.deep.equal({
      kind: 'StatefulSet',
      name: 'web',
    });
  });

  it("B-APP-9 KEDA's triggers on Utilization hold, also those of an HPA that KEDA made", () => {
    expect(held(keda({ type: 'cpu', metricType: 'Utilization', metadata: { value: '60' } }))).to.deep.equal(['cpu']);
    expect(held(keda({ type: 'memory', metadata: { type: 'Utilization', value: '60' } }))).to.deep.equal(['memory']);
    const metadataOf = { value: '60', containerName: 'app' };
    expect(held(keda({ type: 'cpu', metricType: 'Utilization', metadata: metadataOf }))).to.deep.equal(['cpu of app']);
    expect(keda({ type: 'cpu', metricType: 'AverageValue' }, { type: 'kafka' })).to.equal(undefined);
    const ownerReferences = [{ apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'shop-web', uid: 'u' }];
    expect(hpa([resource('cpu')], { ownerReferences })).to.deep.include({
      reason: 'HeldByKEDA',
      what: 'ScaledObject shop-web',
    });
  });

  it('B-APP-9 a VPA that acts holds both resources, in mode Off none', () => {
    for (const updateMode of ['Auto', 'Recreate', 'Initial', 'InPlaceOrRecreate', 'InPlace', 'SomethingNew']) {
      expect(held(vpa({ updatePolicy: { updateMode } })), updateMode).to.deep.equal(['cpu', 'memory']);
    }
    expect(held(vpa({}))).to.deep.equal(['cpu', 'memory']);
    expect(vpa({ updatePolicy: { updateMode: 'Off' } })).to.equal(undefined);
    expect(verticalAutoscaler({ metadata, spec: {} })).to.equal(undefined);
  });

  it("B-APP-9 a VPA's policies for containers are kept to", () => {
    const policies = (...containerPolicies: readonly object[]) => held(vpa({ resourcePolicy: { containerPolicies } }));
    expect(policies({ containerName: 'app', mode: 'Off' })).to.deep.equal(['cpu of side', 'memory of side']);
    expect(policies({ containerName: '*', mode: 'Off' }, { containerName: 'app' })).to.deep.equal([
      'cpu of app',
      'memory of app',
    ]);
    expect(policies({ containerName: '*', controlledResources: ['memory'] })).to.deep.equal(['memory']);
    expect(policies({ containerName: 'app', controlledResources: ['cpu'] })).to.deep.equal([
      'cpu of app',
      'cpu of side',
      'memory of side',
    ]);
    expect(policies({ containerName: '*', mode: 'Off' })).to.deep.equal([]);
  });

  it('B-APP-9 a VPA holds a container as its nearest policy says, whatever the others say', () => {
    const policy = fc.record(
      {
        containerName: fc.constantFrom('app', 'side', 'absent', '*'),
        mode: fc.constantFrom('Auto', 'Off'),
        controlledResources: fc.subarray(['cpu', 'memory']),
      },
      { requiredKeys: ['containerName'] },
    );
    const policies = fc.uniqueArray(policy, { selector: ({ containerName }) => containerName });
    fc.assert(
      fc.property(policies, (containerPolicies) => {
        const autoscaler = vpa({ resourcePolicy: { containerPolicies } });
        const holds = autoscaler ? holdsOfAutoscaler(autoscaler, ['app', 'side']) : [];
        for (const container of ['app', 'side']) {
          const nearest =
            containerPolicies.find(({ containerName }) => containerName === container) ??
            containerPolicies.find(({ containerName }) => containerName === '*');
          const wanted = nearest?.mode === 'Off' ? [] : (nearest?.controlledResources ?? ['cpu', 'memory']);
          const found = holds
            .filter((hold) => hold.container === undefined || hold.container === container)
            .map((hold) => hold.resource);
          expect(found.sort()).to.deep.equal([...wanted].sort());
        }
      }),
    );
  });

  it('B-APP-9 the message names the object and what to do', () => {
    const [hold] = holdsOfAutoscaler(hpa([resource('cpu')]) ?? expect.fail('holds nothing'), []);
    expect(hold?.message).to.match(/^HorizontalPodAutoscaler web scales by cpu .* AverageValue/);
    const [own] = holdsOfAutoscaler(vpa({}) ?? expect.fail('holds nothing'), []);
    expect(own?.message).to.match(/^VerticalPodAutoscaler web sets cpu itself: set its updateMode to "Off"/);
  });
});
