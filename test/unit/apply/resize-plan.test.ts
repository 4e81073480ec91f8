import { expect } from 'chai';
import fc from 'fast-check';
import {
  compareQuantities,
  quantityOf,
  type Container,
  type LimitRange,
  type PodSpec,
  type ResourceRequirements,
} from 'optipod/kube';
import { planResize, type ResizePatch, type ResizePlan } from 'optipod/lib/apply';
import { patchPod, qosClass, resizableContainers } from 'optipod/lib/pod';
import { tries } from '../../support/tries.js';

const RESOURCES = ['cpu', 'memory'] as const;

describe('a resize in place', () => {
  const pod = (resources: ResourceRequirements, more: Partial<Container> = {}): PodSpec => ({
    containers: [{ name: 'app', resources, ...more }],
  });
  const plan = (spec: PodSpec, wanted: ResourceRequirements, ranges: LimitRange[] = []) =>
    planResize(spec, new Map([['app', wanted]]), ranges);
  const requests = (cpu: string, memory: string): ResourceRequirements => ({ requests: { cpu, memory } });
  const app = (resources: ResourceRequirements): ResizePatch => ({ containers: [{ name: 'app', resources }] });

  it('B-APP-6 says what differs and nothing else: the same amount in another spelling does not', () => {
    expect(plan(pod(requests('200m', '64Mi')), requests('0.3', '65536Ki'))).to.deep.equal({
      outcome: 'resize',
      steps: [app({ requests: { cpu: '0.3' } })],
    });
    expect(plan(pod(requests('200m', '64Mi')), requests('0.2', '65536Ki'))).to.deep.equal({ outcome: 'unchanged' });
  });

  it('B-APP-6 a decrease of memory comes apart from the rest', () => {
    const has = { requests: { cpu: '200m', memory: '128Mi' }, limits: { memory: '256Mi' } };
    const wanted = { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } };
    expect(plan(pod(has), wanted)).to.deep.equal({
      outcome: 'resize',
      steps: [app({ requests: { cpu: '100m' } }), app({ requests: { memory: '64Mi' }, limits: { memory: '128Mi' } })],
    });
  });

  it('B-APP-6 the decrease comes first where the pod would be of another QoS class in between', () => {
    const has = { requests: { cpu: '100m', memory: '100Mi' }, limits: { cpu: '200m', memory: '100Mi' } };
    const wanted = { requests: { cpu: '200m', memory: '80Mi' } };
    expect(plan(pod(has), wanted)).to.deep.equal({
      outcome: 'resize',
      steps: [app({ requests: { memory: '80Mi' } }), app({ requests: { cpu: '200m' } })],
    });
  });

  it('B-APP-6 nothing of it is done where a container would restart for a part of it', () => {
    const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
    const has = pod(requests('100m', '64Mi'), { resizePolicy });
    expect(plan(has, requests('200m', '128Mi'))).to.include({ outcome: 'impossible', reason: 'RestartContainer' });
    expect(plan(has, requests('200m', '64Mi'))).to.include({ outcome: 'resize' });
  });

  it('B-APP-6 a pod is not given another QoS class, nor what the checks at admission would refuse', () => {
    const guaranteed = { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } };
    const reasonOf = (given: ResizePlan) => (given.outcome === 'impossible' ? given.reason : given.outcome);
    expect(reasonOf(plan(pod(guaranteed), { requests: { cpu: '500m' } }))).to.equal('QosClassWouldChange');
    expect(reasonOf(plan(pod({}), requests('1', '1Gi')))).to.equal('BestEffortPod');
    expect(reasonOf(plan(pod({ limits: { cpu: '1' } }), { requests: { cpu: '2' } }))).to.equal('RequestAboveLimit');
    const has = pod(requests('100m', '64Mi'));
    expect(reasonOf(plan({ ...has, os: { name: 'windows' } }, requests('1', '1Gi')))).to.equal('WindowsPod');
    expect(reasonOf(plan({ ...has, resources: requests('1', '1Gi') }, requests('1', '1Gi')))).to.equal(
      'PodLevelResources',
    );
    const limits = [{ type: 'Container', min: { cpu: '50m' } }];
    const range: LimitRange = {
      metadata: { name: 'x', uid: 'x', resourceVersion: '1', creationTimestamp: '' },
      spec: { limits },
    };
    expect(reasonOf(plan(has, { requests: { cpu: '20m' } }, [range]))).to.equal('LimitRange');
  });

  it('B-APP-12 sidecars are resized, ordinary init containers and what the pod lacks are never named', () => {
    const spec: PodSpec = {
      ...pod(requests('100m', '64Mi')),
      initContainers: [
        { name: 'setup', resources: requests('100m', '64Mi') },
        { name: 'proxy', restartPolicy: 'Always', resources: requests('100m', '64Mi') },
      ],
    };
    const wanted = requests('200m', '64Mi');
    const all = new Map(['app', 'setup', 'proxy', 'stranger'].map((name) => [name, wanted]));
    expect(planResize(spec, all, [])).to.deep.equal({
      outcome: 'resize',
      steps: [
        {
          containers: [{ name: 'app', resources: { requests: { cpu: '200m' } } }],
          initContainers: [{ name: 'proxy', resources: { requests: { cpu: '200m' } } }],
        },
      ],
    });
  });

  describe('of any pod to anything', () => {
    const amounts = fc.record(
      { cpu: fc.constantFrom('100m', '0.1', '200m', '1'), memory: fc.constantFrom('64Mi', '128Mi', '1Gi') },
      { requiredKeys: [] },
    );
    const resources = fc.record({ requests: amounts, limits: amounts }, { requiredKeys: [] });
    const containers = (names: readonly string[], restartPolicies: readonly (string | undefined)[]) =>
      fc.tuple(
        ...names.map((name) =>
          fc.tuple(resources, fc.constantFrom(...restartPolicies)).map(([given, restartPolicy]): Container => ({
            name,
            resources: given,
            ...(restartPolicy === undefined ? {} : { restartPolicy }),
          })),
        ),
      );
    // What runs was admitted: no request passes its limit.
    const pods = fc
      .record({
        containers: containers(['a', 'b'], [undefined]),
        initContainers: containers(['c', 'd'], [undefined, 'Always']),
      })
      .filter((spec) => resizableContainers(spec).every(({ container }) => isWithinLimits(container)));
    const wishes = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'stranger'), resources);

    it('B-APP-6 ends with what new pods get, in steps of which each leaves a good pod of the same QoS class', () => {
      let resized = 0;
      fc.assert(
        fc.property(pods, wishes, (spec, wish) => {
          const wanted = new Map(Object.entries(wish));
          const plan = planResize(spec, wanted, []);
          if (plan.outcome !== 'resize') return;
          resized += 1;
          let now: PodSpec = spec;
          for (const step of plan.steps) {
            const next = applied(now, step);
            expect(qosClass(next)).to.equal(qosClass(spec));
            for (const { container } of resizableContainers(next)) expectRequestWithinLimit(container, spec);
            now = next;
          }
          const admitted = patchPod(spec, wanted, []);
          expect(admitted.outcome === 'patched' && now).to.deep.equal(admitted.outcome === 'patched' && admitted.after);
          expect(planResize(now, wanted, [])).to.deep.equal({ outcome: 'unchanged' });
        }),
        tries(500),
      );
      expect(resized).to.be.above(20);
    });

    it('B-APP-6 asks for less memory in a step of its own, wherever the pod would be a good one in between', () => {
      let apart = 0;
      fc.assert(
        fc.property(pods, wishes, (spec, wish) => {
          const plan = planResize(spec, new Map(Object.entries(wish)), []);
          if (plan.outcome !== 'resize' || plan.steps.length === 1) return;
          apart += 1;
          expect(plan.steps).to.have.length(2);
          const kinds = plan.steps.map((step) => new Set(changesIn(spec, step)));
          expect(kinds.filter((of) => of.has('less memory')).map((of) => [...of])).to.deep.equal([['less memory']]);
        }),
        tries(500),
      );
      expect(apart).to.be.above(5);
    });
  });
});

/** As kube-apiserver merges the patch, by the names of containers. */
function applied(spec: PodSpec, patch: ResizePatch): PodSpec {
  const merged = (list: readonly Container[], changes: ResizePatch['containers'] = []) =>
    list.map((container) => {
      const change = changes.find(({ name }) => name === container.name);
      if (!change) return container;
      const { requests, limits } = change.resources;
      return {
        ...container,
        resources: {
          ...container.resources,
          ...(requests ? { requests: { ...container.resources?.requests, ...requests } } : {}),
          ...(limits ? { limits: { ...container.resources?.limits, ...limits } } : {}),
        },
      };
    });
  return {
    ...spec,
    containers: merged(spec.containers, patch.containers),
    initContainers: merged(spec.initContainers ?? [], patch.initContainers),
  };
}

function changesIn(spec: PodSpec, patch: ResizePatch): string[] {
  const named = [...(patch.containers ?? []), ...(patch.initContainers ?? [])];
  return named.flatMap(({ name, resources }) => {
    const before = [...spec.containers, ...(spec.initContainers ?? [])].find((one) => one.name === name)?.resources;
    return (['requests', 'limits'] as const).flatMap((field) =>
      RESOURCES.flatMap((resource) => {
        const [from, to] = [before?.[field]?.[resource], resources[field]?.[resource]];
        if (to === undefined) return [];
        const isLess = from !== undefined && compareQuantities(quantityOf(to), quantityOf(from)) < 0;
        return [isLess && resource === 'memory' ? 'less memory' : 'other'];
      }),
    );
  });
}

/** Of what was so in the pod as it came, nobody is to blame. */
function expectRequestWithinLimit({ name, resources }: Container, before: PodSpec): void {
  for (const resource of RESOURCES) {
    const [request, limit] = [resources?.requests?.[resource], resources?.limits?.[resource]];
    if (request === undefined || limit === undefined) continue;
    const was = [...before.containers, ...(before.initContainers ?? [])].find((one) => one.name === name)?.resources;
    if (was?.requests?.[resource] === request && was.limits?.[resource] === limit) continue;
    expect(compareQuantities(quantityOf(request), quantityOf(limit))).to.be.at.most(0);
  }
}

function isWithinLimits({ resources = {} }: Container): boolean {
  return (['cpu', 'memory'] as const).every((resource) => {
    const [request, limit] = [resources.requests?.[resource], resources.limits?.[resource]];
    if (request === undefined || limit === undefined) return true;
    return compareQuantities(quantityOf(request), quantityOf(limit)) <= 0;
  });
}
