import { expect } from 'chai';
import { inEffect, PodsWorld, says, START } from './pods-world.js';

const has = { requests: { cpu: '100m', memory: '128Mi' } };
const more = { requests: { cpu: '200m', memory: '256Mi' } };
const SECONDS_TO_FOLLOW = 120;

describe('running pods, in place', () => {
  it('B-APP-4 B-APP-6 get what new pods get, without a gate, and are told of once', async () => {
    const world = new PodsWorld({ template: has, wanted: more });
    await world.look(1);
    expect(world.asked).to.deep.equal([{ resize: 'web-0', step: { containers: [{ name: 'app', resources: more }] } }]);
    await world.look(2);
    expect(world.told).to.deep.include({ applied: true, reason: 'ResizedInPlace', at: START / 1000 + 2 });
    const { evaluations } = world;
    expect(await world.look(3)).to.equal(undefined);
    expect(world.asked).to.have.length(1);
    expect(world).to.include({ evaluations, gateAsked: 0 });
  });

  it('B-APP-12 containers that the template lacks are never named, though annotations name them', async () => {
    const world = new PodsWorld({ template: has, wanted: more });
    const pod = world.pods.get('web-0');
    if (!pod) throw new Error('no pod');
    const injected = { name: 'injected', resources: has };
    world.pods.set(
      'web-0',
      inEffect({ ...pod, spec: { ...pod.spec, containers: [...pod.spec.containers, injected] } }),
    );
    await world.look(1);
    expect(world.asked).to.deep.equal([{ resize: 'web-0', step: { containers: [{ name: 'app', resources: more }] } }]);
  });

  it('B-APP-6 a decrease of memory is asked for when the rest is in effect, not before', async () => {
    const wanted = { requests: { cpu: '200m', memory: '64Mi' } };
    const world = new PodsWorld({ template: has, wanted });
    world.kubelet = says('PodResizeInProgress');
    await world.look(1);
    await world.look(2);
    expect(world.asked).to.deep.equal([
      { resize: 'web-0', step: { containers: [{ name: 'app', resources: { requests: { cpu: '200m' } } }] } },
    ]);
    expect(world.told).to.include({ applied: false, reason: 'InProgress' });
    const pod = world.pods.get('web-0');
    if (pod) world.pods.set('web-0', inEffect(pod));
    await world.look(3);
    expect(world.asked.slice(1)).to.deep.equal([
      { resize: 'web-0', step: { containers: [{ name: 'app', resources: { requests: { memory: '64Mi' } } }] } },
    ]);
  });

  it('B-APP-6 few pods at a time, the others when those are done', async () => {
    const world = new PodsWorld({ template: has, wanted: more, replicas: 8 });
    world.kubelet = says('PodResizeInProgress');
    await world.look(1);
    await world.look(2);
    expect(world.asked).to.have.length(3);
    expect(world.told?.message).to.match(/^8 of 8 pods: /);
    for (const [name, pod] of world.pods) if (pod.metadata.generation === 2) world.pods.set(name, inEffect(pod));
    await world.look(3);
    expect(world.asked).to.have.length(6);
  });

  it('B-APP-6 Deferred waits for the kubelet alone, and for nothing else', async () => {
    const world = new PodsWorld({ template: has, wanted: more, strategy: { allowRecreate: true } });
    world.kubelet = says('PodResizePending', 'Deferred', 'Node did not have enough resource: cpu');
    await world.look(1);
    for (const seconds of [2, 3600]) expect(await world.look(seconds)).to.equal(undefined);
    expect(world.asked).to.have.length(1);
    expect(world.told).to.deep.equal({
      applied: false,
      reason: 'Deferred',
      message: '1 of 1 pods: Node did not have enough resource: cpu',
    });
    expect(world.events).to.deep.equal([]);
    // What is recommended now takes the place of what is pending.
    world.kubelet = inEffect;
    world.recommend({ requests: { cpu: '150m', memory: '256Mi' } }, 3700);
    await world.look(3700);
    await world.look(3701);
    expect(world.told).to.include({ reason: 'ResizedInPlace' });
  });

  it('B-APP-6 while a lower limit of memory is refused CPU goes on, and both are told', async () => {
    const limited = { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } };
    const lower = (cpu: string) => ({ requests: { cpu, memory: '32Mi' }, limits: { memory: '64Mi' } });
    const world = new PodsWorld({ template: limited, wanted: lower('100m') });
    // What is in use does not let go of a limit below 128Mi: nothing that is asked for with it is done.
    const refuse = says(
      'PodResizeInProgress',
      'Error',
      'cannot decrease memory limits: below current usage (67108864)',
    );
    world.kubelet = (pod) => {
      const [container] = pod.spec.containers;
      return container?.resources?.limits?.memory === '128Mi' ? inEffect(pod) : refuse(pod);
    };
    await world.look(1);
    await world.look(2);
    expect(world.asked).to.have.length(1);
    const refused = '1 of 1 pods: cannot decrease memory limits: below current usage (67108864)';
    expect(world.told).to.include({
      reason: 'InProgress',
      message: `${refused}; all else that is recommended is in effect`,
    });
    world.recommend(lower('200m'), 100);
    for (const seconds of [100, 101, 102]) await world.look(seconds);
    const step = (resources: object) => ({ resize: 'web-0', step: { containers: [{ name: 'app', resources }] } });
    expect(world.asked.slice(1)).to.deep.equal([
      step({ requests: { cpu: '200m', memory: '64Mi' }, limits: { memory: '128Mi' } }),
      step({ requests: { memory: '32Mi' }, limits: { memory: '64Mi' } }),
    ]);
    expect(world.told).to.include({ at: START / 1000 + 101, reason: 'InProgress' });
    expect(world.told?.message).to.contain('all else that is recommended is in effect');
    for (const seconds of [103, 3600]) await world.look(seconds);
    expect(world.asked).to.have.length(3);
  });

  it('B-APP-6 a Guaranteed pod keeps its CPU on a node with a static CPU manager: asked once on a node, and told', async () => {
    const guaranteed = (cpu: string, memory: string) => ({ requests: { cpu, memory }, limits: { cpu, memory } });
    const world = new PodsWorld({ template: guaranteed('1', '64Mi'), wanted: guaranteed('2', '64Mi'), replicas: 4 });
    const message = 'Resize is infeasible for Guaranteed Pods alongside CPU Manager policy "static"';
    const refuse = says('PodResizePending', 'Infeasible', message);
    world.kubelet = (pod) => (pod.spec.containers[0]?.resources?.requests?.cpu === '1' ? inEffect(pod) : refuse(pod));
    await world.look(1);
    // As many as there are at a time; who comes later is not asked any more.
    expect(world.asked).to.have.length(3);
    for (const seconds of [2, 3, 3600]) await world.look(seconds);
    expect(world.asked).to.have.length(3);
    expect(world.told).to.include({
      applied: false,
      reason: 'InPlaceResizeUnavailable',
      message:
        "4 of 4 pods: StaticCPUManager: the node's CPU manager is static, and a Guaranteed pod keeps its CPU while it runs; all else that is recommended is in effect",
    });
    expect(world.events.map(({ reason }) => reason)).to.deep.equal(['InPlaceResizeUnavailable']);

    world.recommend(guaranteed('3', '128Mi'), 3700);
    for (const seconds of [3700, 3701, 3702, 3703]) await world.look(seconds);
    // Memory does not wait with it, and what was refused is asked back.
    expect(world.asked).to.have.length(7);
    for (const name of world.pods.keys()) expect(world.resourcesOf(name)).to.deep.equal(guaranteed('1', '128Mi'));
    expect(world.told).to.include({ reason: 'InPlaceResizeUnavailable', at: START / 1000 + 3702 });
    // What has something else may have another policy.
    world.node = 'larger';
    await world.look(3800);
    expect(world.asked.length).to.be.above(7);
  });

  it('B-APP-6 what the node is too small for is not asked again until the recommendation or the node changes', async () => {
    const world = new PodsWorld({ template: has, wanted: more });
    const message = `pods "web-0" is forbidden: node didn't have enough allocatable resources: cpu, requested: 200`;
    world.refuses = () => ({ code: 403, status: { reason: 'Forbidden', message } });
    await world.look(1);
    await world.look(3600);
    expect(world.asked).to.have.length(1);
    expect(world.told).to.include({ applied: false, reason: 'Infeasible' });
    expect(world.events.map(({ reason }) => reason)).to.deep.equal(['InPlaceResizeUnavailable']);
    expect(world.memories.waitingForNodes()).to.deep.equal(['Deployment/shop/web']);
    world.node = 'larger';
    await world.look(3601);
    expect(world.asked).to.have.length(2);
    world.recommend({ requests: { cpu: '150m', memory: '256Mi' } }, 3700);
    world.refuses = () => undefined;
    await world.look(3700);
    await world.look(3701);
    expect(world.told).to.include({ reason: 'ResizedInPlace' });
  });

  it('B-APP-6 a kubelet that does not follow is noticed by time-out', async () => {
    const world = new PodsWorld({ template: has, wanted: more });
    world.kubelet = (pod) => pod;
    await world.look(1);
    expect(await world.look(2)).to.equal(SECONDS_TO_FOLLOW * 1000);
    expect(world.told).to.include({ reason: 'InProgress' });
    await world.look(SECONDS_TO_FOLLOW + 2);
    expect(world.told).to.include({ applied: false, reason: 'InPlaceResizeUnavailable' });
    expect(world.told?.message).to.contain('the kubelet has not followed a resize for 120 s');
    // It comes back to life.
    const pod = world.pods.get('web-0');
    if (pod) world.pods.set('web-0', inEffect(pod));
    await world.look(SECONDS_TO_FOLLOW + 5);
    expect(world.told).to.include({ reason: 'ResizedInPlace' });
  });

  it('B-APP-6 a kubelet that is at a resize without an end is noticed, and asked for what is recommended by now', async () => {
    const world = new PodsWorld({ template: has, wanted: more });
    world.kubelet = says('PodResizeInProgress');
    await world.look(1);
    expect(await world.look(2)).to.equal(SECONDS_TO_FOLLOW * 1000);
    await world.look(SECONDS_TO_FOLLOW + 2);
    expect(world.told).to.include({ applied: false, reason: 'InPlaceResizeUnavailable' });
    expect(world.told?.message).to.contain('the kubelet has not come to an end with a resize for 120 s');
    const most = { requests: { cpu: '300m', memory: '512Mi' } };
    world.recommend(most, 1000);
    await world.look(1001);
    expect(world.asked).to.have.length(1);
    expect(world.told).to.include({ reason: 'InProgress' });
    await world.look(1001 + SECONDS_TO_FOLLOW);
    expect(world.asked.slice(1)).to.deep.equal([
      { resize: 'web-0', step: { containers: [{ name: 'app', resources: most }] } },
    ]);
    expect(world.told).to.include({ reason: 'InProgress' });
    const pod = world.pods.get('web-0');
    if (pod) world.pods.set('web-0', inEffect(pod));
    await world.look(1010 + SECONDS_TO_FOLLOW);
    expect(world.told).to.include({ reason: 'ResizedInPlace' });
  });

  it('B-APP-8 a missing right stops the others of the workload, is told with a suggestion, and tried again in a while', async () => {
    const world = new PodsWorld({ template: has, wanted: more, replicas: 2 });
    const message = 'pods "web-0" is forbidden: User "optipod" cannot patch resource "pods/resize" in API group ""';
    world.refuses = () => ({ code: 403, status: { reason: 'Forbidden', message } });
    await world.look(1);
    expect(world.asked).to.have.length(1);
    expect(world.told).to.include({ applied: false, reason: 'Forbidden' });
    const [event] = world.events;
    expect(event).to.include({ type: 'Warning', reason: 'Forbidden' });
    expect(event?.message).to.contain(message).and.to.contain('install it with inPlaceResize');
    world.refuses = () => undefined;
    await world.look(400);
    await world.look(401);
    await world.look(402);
    expect(world.told).to.include({ reason: 'ResizedInPlace' });
    expect(world.events).to.have.length(1);
  });

  it('B-APP-8 what is refused as invalid is told with a suggestion; one pod does not stop another', async () => {
    const world = new PodsWorld({ template: has, wanted: more, replicas: 2 });
    world.refuses = (asked) =>
      'resize' in asked && asked.resize === 'web-0'
        ? { code: 422, status: { reason: 'Invalid', message: 'Pod "web-0" is invalid' } }
        : undefined;
    await world.look(1);
    expect(world.asked).to.have.length(2);
    expect(world.resourcesOf('web-1')).to.deep.equal(more);
    expect(world.events.map(({ reason }) => reason)).to.deep.equal(['Invalid']);
    expect(world.told).to.include({ reason: 'Invalid' });
  });

  it('B-APP-8 a server in trouble is tried again, once every other pod had its turn', async () => {
    const world = new PodsWorld({ template: has, wanted: more, replicas: 2 });
    world.refuses = (asked) =>
      'resize' in asked && asked.resize === 'web-0' ? { code: 500, status: { message: 'etcd' } } : undefined;
    let thrown: unknown;
    await world.look(1).catch((error: unknown) => (thrown = error));
    expect(String(thrown)).to.contain('etcd');
    expect(world.resourcesOf('web-1')).to.deep.equal(more);
  });

  it('B-APP-6 where kube-apiserver has no pods/resize nothing is asked of it, and that is said', async () => {
    const world = new PodsWorld({ template: has, wanted: more });
    world.canResize = false;
    await world.look(1);
    expect(world.asked).to.deep.equal([]);
    expect(world.told).to.include({ applied: false, reason: 'InPlaceResizeUnavailable' });
    expect(world.events.map(({ reason }) => reason)).to.deep.equal(['InPlaceResizeUnavailable']);
  });

  it('B-APP-7 where the policy wants nothing in place, pods wait for their restart and nobody is told', async () => {
    const world = new PodsWorld({ template: has, wanted: more, strategy: { allowInPlaceResize: false } });
    await world.look(1);
    expect(world.asked).to.deep.equal([]);
    expect(world.told?.reason).to.equal(undefined);
    expect(world.events).to.deep.equal([]);
  });

  it('B-APP-1 nothing is done while everything is stopped, nor where new pods get nothing', async () => {
    const world = new PodsWorld({ template: has, wanted: more });
    world.stopped = { reason: 'Paused', message: 'somebody stopped everything' };
    await world.look(1);
    expect(world.asked).to.deep.equal([]);
    expect(world.told).to.deep.equal({ applied: false, reason: 'Paused', message: 'somebody stopped everything' });
    const unlabelled = new PodsWorld({ template: has, wanted: more, labels: {} });
    await unlabelled.look(1);
    expect(unlabelled.asked).to.deep.equal([]);
  });

  it('B-WEB-1 a pod that the webhook missed is told of, and why; one that it would leave alone, before there is any', async () => {
    const strategy = { allowInPlaceResize: false, allowRecreate: true };
    const world = new PodsWorld({ template: has, wanted: more, replicas: 1, strategy });
    world.pods.clear();
    world.born('web-1', { seconds: 60 });
    world.webhookReady = false;
    await world.look(61);
    expect(world.told).to.deep.equal({
      applied: false,
      reason: 'AdmittedUnchanged',
      message: '1 pods started with their own resources, web-1 first: no webhook pod is ready',
    });
    // To be evicted would make another one such.
    expect(world.asked).to.deep.equal([]);

    const capped = new PodsWorld({ template: { ...has, limits: { cpu: '100m' } }, wanted: more, strategy });
    await capped.look(1);
    expect(capped.told).to.include({ applied: false, reason: 'AdmittedUnchanged' });
    expect(capped.told?.message).to.contain('RequestAboveLimit');
    expect(capped.asked).to.deep.equal([]);

    const counted = new PodsWorld({ template: {}, wanted: more, strategy });
    counted.quotas = [
      {
        metadata: { name: 'team', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
        spec: { scopes: ['NotBestEffort'] },
        status: { hard: { 'limits.memory': '9Gi' } },
      },
    ];
    await counted.look(1);
    expect(counted.told?.message).to.contain('(ResourceQuota)');
    expect(counted.asked).to.deep.equal([]);
  });

  it('B-ANN-2 a pod that is born with what is recommended is what was applied', async () => {
    const world = new PodsWorld({ template: has, wanted: more, strategy: { allowInPlaceResize: false } });
    world.born('web-1', { seconds: 60, resources: more });
    await world.look(61);
    expect(world.told).to.deep.equal({ at: START / 1000 + 60 });
  });
});
