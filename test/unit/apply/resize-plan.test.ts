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
import {
  planResize,
  type ResizePatch,
  type ResizeCircumstances,
  type ResizePlan,
  type StandingRefusal,
} from 'optipod/lib/apply';
import { admittedPod, patchPod, qosClass, resizableContainers } from 'optipod/lib/pod';
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

  it('B-APP-6 where a container would restart for a part of it nothing is done, or only the rest', () => {
    const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
    const has = pod(requests('100m', '64Mi'), { resizePolicy });
    expect(plan(has, requests('200m', '128Mi'))).to.include({ outcome: 'impossible', reason: 'RestartContainer' });
    expect(plan(has, requests('200m', '64Mi'))).to.include({ outcome: 'resize' });
    const partly = (wanted: ResourceRequirements) => planResize(has, new Map([['app', wanted]]), [], { partly: true });
    expect(partly(requests('200m', '128Mi'))).to.deep.equal({
      outcome: 'resize',
      steps: [app({ requests: { cpu: '200m' } })],
    });
    expect(partly(requests('100m', '128Mi'))).to.include({ reason: 'RestartContainer', isAllElseThere: true });
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

  describe('of which the kubelet refuses a part', () => {
    const guaranteed = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } });
    const inUse = (inEffect: ResourceRequirements): StandingRefusal => ({
      cause: 'InUse',
      resource: 'memory',
      inEffect: new Map([['app', inEffect]]),
    });
    const exclusive = (inEffect: ResourceRequirements = {}): StandingRefusal => ({
      cause: 'Exclusive',
      resource: 'cpu',
      inEffect: new Map([['app', inEffect]]),
    });
    const asked = { requests: { cpu: '100m', memory: '32Mi' }, limits: { memory: '64Mi' } };
    const planned = (spec: PodSpec, wanted: ResourceRequirements, ...standing: StandingRefusal[]) =>
      planResize(spec, new Map([['app', wanted]]), [], { standing, partly: true });

    it('B-APP-6 CPU goes on while a lower limit of memory is refused, which is asked for again afterwards', () => {
      const refusal = inUse({ limits: { memory: '128Mi' } });
      const wanted = { requests: { cpu: '200m', memory: '32Mi' }, limits: { memory: '64Mi' } };
      expect(planned(pod(asked), wanted, refusal)).to.deep.equal({
        outcome: 'resize',
        steps: [app({ requests: { cpu: '200m' }, limits: { memory: '128Mi' } }), app({ limits: { memory: '64Mi' } })],
      });
      // It was asked for with the CPU, which waits with it.
      const both = inUse({ requests: { cpu: '50m' }, limits: { memory: '128Mi' } });
      expect(planned(pod(asked), asked, both)).to.deep.equal({
        outcome: 'resize',
        steps: [app({ limits: { memory: '128Mi' } }), app({ limits: { memory: '64Mi' } })],
      });
    });

    it('B-APP-6 nothing is asked back that would leave the pod in another QoS class', () => {
      const own = {
        name: 'app',
        resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { cpu: '1', memory: '64Mi' } },
      };
      // It had no limits before, and keeps those that it was given.
      const beside = { name: 'beside', resources: guaranteed('100m', '64Mi') };
      const refusal = inUse({ requests: { memory: '128Mi' }, limits: { cpu: '100m', memory: '128Mi' } });
      const plan = planResize({ containers: [own, beside] }, new Map(), [], { standing: [refusal] });
      expect(plan).to.deep.equal({ outcome: 'unchanged' });
    });

    it('B-APP-6 where nothing but that is wanted the kubelet tries again by itself, or gets another limit to try', () => {
      const refusal = inUse({ limits: { memory: '128Mi' } });
      expect(planned(pod(asked), asked, refusal)).to.deep.equal({ outcome: 'unchanged' });
      const less = { ...asked, limits: { memory: '96Mi' } };
      const steps = (given: ResourceRequirements) => ({ outcome: 'resize', steps: [app(given)] });
      expect(planned(pod(asked), less, refusal)).to.deep.equal(steps({ limits: { memory: '96Mi' } }));
      const none = { ...asked, limits: { memory: '128Mi' } };
      expect(planned(pod(asked), none, refusal)).to.deep.equal(steps({ limits: { memory: '128Mi' } }));
    });

    it('B-APP-6 a Guaranteed pod keeps the amount that a static manager gave it, and gets the other', () => {
      const spec = pod(guaranteed('2', '64Mi'));
      const own = exclusive(guaranteed('1', '32Mi'));
      expect(planned(spec, guaranteed('2', '64Mi'), own)).to.deep.equal({
        outcome: 'resize',
        steps: [app({ requests: { cpu: '1' }, limits: { cpu: '1' } })],
      });
      // Of a pod that was never asked, on a node that is known.
      expect(planned(spec, guaranteed('1', '96Mi'), exclusive())).to.deep.equal({
        outcome: 'resize',
        steps: [app({ requests: { memory: '96Mi' }, limits: { memory: '96Mi' } })],
      });
      expect(planned(spec, guaranteed('1', '64Mi'), exclusive())).to.deep.include({
        outcome: 'impossible',
        reason: 'StaticCPUManager',
        isAllElseThere: true,
      });
      const burstable = pod(requests('2', '64Mi'));
      expect(planned(burstable, requests('1', '64Mi'), exclusive())).to.include({ outcome: 'resize' });
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

    it('B-APP-6 comes to an end in three requests at most, whatever the kubelet refuses of it', () => {
      let freed = 0;
      fc.assert(
        fc.property(pods, wishes, wishes, (template, first, wish) => {
          const spec = admittedPod(template, []);
          const before = planResize(spec, new Map(Object.entries(first)), []);
          let asked: PodSpec = before.outcome === 'resize' ? before.steps.reduce(applied, spec) : spec;
          let has: PodSpec = spec;
          for (let requests = 0; ; requests += 1) {
            const refused = lessMemory(has, asked);
            if (!refused) has = asked;
            const standing = refused ? [{ cause: 'InUse', resource: 'memory', inEffect: differences(asked, has) }] : [];
            const plan = planResize(asked, new Map(Object.entries(wish)), [], { standing } as ResizeCircumstances);
            if (plan.outcome !== 'resize') break;
            expect(requests, JSON.stringify({ asked, has, plan })).to.be.below(3);
            if (refused && plan.steps.length === 2) freed += 1;
            const [step] = plan.steps;
            if (step) asked = applied(asked, step);
            expect(qosClass(asked)).to.equal(qosClass(spec));
          }
        }),
        tries(1500),
      );
      expect(freed).to.be.above(0);
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

/** As a kubelet that finds all memory in use. */
function lessMemory(has: PodSpec, asked: PodSpec): boolean {
  return resizableContainers(asked).some(({ container }, index) => {
    const [to, from] = [container, resizableContainers(has)[index]?.container].map(
      (one) => one?.resources?.limits?.memory,
    );
    return to !== undefined && from !== undefined && compareQuantities(quantityOf(to), quantityOf(from)) < 0;
  });
}

/** What containers have where the spec says otherwise. */
function differences(asked: PodSpec, has: PodSpec): Map<string, ResourceRequirements> {
  return new Map(
    resizableContainers(has).flatMap(({ container }, index) => {
      const other = resizableContainers(asked)[index]?.container;
      const of = (field: 'requests' | 'limits') =>
        Object.entries(container.resources?.[field] ?? {}).filter(
          ([name, value]) =>
            compareQuantities(quantityOf(other?.resources?.[field]?.[name] ?? value), quantityOf(value)) !== 0,
        );
      const [requests, limits] = [of('requests'), of('limits')];
      if (requests.length + limits.length === 0) return [];
      return [
        [container.name, { requests: Object.fromEntries(requests), limits: Object.fromEntries(limits) }] as const,
      ];
    }),
  );
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
