import { expect } from 'chai';
import type { Pod, PodCondition, PodStatus } from 'optipod/kube';
import { resizeVerdict } from 'optipod/lib/apply';

const has = { requests: { cpu: '237m', memory: '64Mi' }, limits: { memory: '128Mi' } };

function pod(status: PodStatus, generation = 3): Pod {
  return {
    metadata: { name: 'web-1', namespace: 'shop', uid: 'u', resourceVersion: '1', creationTimestamp: '', generation },
    spec: { containers: [{ name: 'app', resources: has }], initContainers: [{ name: 'setup' }] },
    status,
  };
}

const condition = (type: string, more: Partial<PodCondition> = {}): PodCondition => ({ type, status: 'True', ...more });
const inEffect = { name: 'app', allocatedResources: has.requests, resources: has };

describe('what the kubelet says of a resize', () => {
  const stateOf = (status: PodStatus, generation?: number) => resizeVerdict(pod(status, generation))?.state;

  it('B-APP-6 it is done when the generation is observed, allocated and in effect', () => {
    expect(stateOf({ observedGeneration: 3, containerStatuses: [inEffect] })).to.equal(undefined);
    expect(stateOf({ observedGeneration: 2, containerStatuses: [inEffect] })).to.equal('Unobserved');
    // A kubelet of 1.33 says nothing of generations.
    expect(stateOf({ containerStatuses: [inEffect] })).to.equal(undefined);
    const less = { ...inEffect, allocatedResources: { ...has.requests, memory: '32Mi' } };
    expect(stateOf({ containerStatuses: [less] })).to.equal('Unobserved');
    const unlimited = { ...inEffect, resources: { ...has, limits: { memory: '256Mi' } } };
    expect(stateOf({ containerStatuses: [unlimited] })).to.equal('Unobserved');
  });

  it('B-APP-6 CPU that was rounded on its way through the kernel is what was asked for', () => {
    const rounded = { ...inEffect, resources: { ...has, requests: { cpu: '236m', memory: '64Mi' } } };
    expect(stateOf({ containerStatuses: [rounded] })).to.equal(undefined);
    const other = { ...inEffect, resources: { ...has, requests: { cpu: '200m', memory: '64Mi' } } };
    expect(stateOf({ containerStatuses: [other] })).to.equal('Unobserved');
  });

  it('B-APP-6 Deferred, Infeasible, InProgress and Error are told as the kubelet tells them; what waits for a reason that nobody knows is Deferred', () => {
    const said = (type: string, reason?: string) =>
      stateOf({ conditions: [condition(type, reason === undefined ? {} : { reason })] });
    expect(said('PodResizePending', 'Deferred')).to.equal('Deferred');
    expect(said('PodResizePending', 'Infeasible')).to.equal('Infeasible');
    expect(said('PodResizePending', 'Unheard')).to.equal('Deferred');
    expect(said('PodResizePending')).to.equal('Deferred');
    expect(said('PodResizeInProgress')).to.equal('InProgress');
    expect(said('PodResizeInProgress', 'Error')).to.equal('Error');
    const both = [condition('PodResizeInProgress'), condition('PodResizePending', { reason: 'Infeasible' })];
    expect(stateOf({ conditions: both })).to.equal('Infeasible');
    const message = 'Node did not have enough resource: cpu';
    const pending = condition('PodResizePending', { reason: 'Deferred', message });
    expect(resizeVerdict(pod({ conditions: [pending] }))).to.deep.equal({ state: 'Deferred', message });
  });

  it('B-APP-6 a condition that ended, or was of the resize before, says nothing of this one', () => {
    const ended = condition('PodResizePending', { status: 'False' });
    expect(stateOf({ observedGeneration: 3, conditions: [ended], containerStatuses: [inEffect] })).to.equal(undefined);
    const old = condition('PodResizePending', { reason: 'Infeasible', observedGeneration: 2 });
    expect(stateOf({ observedGeneration: 2, conditions: [old] })).to.equal('Unobserved');
  });

  it('B-APP-6 of a part that is refused it is told which, and what containers have instead', () => {
    const kept = { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '512Mi' } };
    const message = 'cannot decrease memory limits: attempting to set pod memory limit (1) below current usage (2)';
    const error = condition('PodResizeInProgress', { reason: 'Error', message });
    const inUse = pod({
      conditions: [error],
      containerStatuses: [{ name: 'app', allocatedResources: has.requests, resources: kept }],
    });
    expect(resizeVerdict(inUse)).to.deep.equal({
      state: 'Error',
      message,
      standing: { cause: 'InUse', resource: 'memory', inEffect: new Map([['app', kept]]) },
    });
    const other = condition('PodResizeInProgress', { reason: 'Error', message: 'the runtime does not answer' });
    expect(resizeVerdict(pod({ conditions: [other] }))).to.not.have.property('standing');
  });

  it('B-APP-6 of a static CPU or memory manager it is told what it does not give', () => {
    const said = (message: string) => {
      const allocated = { name: 'app', allocatedResources: { cpu: '2', memory: '64Mi' }, resources: has };
      const pending = condition('PodResizePending', { reason: 'Infeasible', message });
      return resizeVerdict(pod({ conditions: [pending], containerStatuses: [allocated] }))?.standing;
    };
    const inEffect = new Map([['app', { requests: { cpu: '2' } }]]);
    const cpu = { cause: 'Exclusive', resource: 'cpu', inEffect };
    expect(said('Resize is infeasible for Guaranteed Pods alongside CPU Manager policy "static"')).to.deep.equal(cpu);
    expect(said('Resize is infeasible for Guaranteed Pods alongside CPU Manager static policy')).to.deep.equal(cpu);
    expect(said('Resize is infeasible for Guaranteed Pods alongside Memory Manager policy "Static"')).to.include({
      resource: 'memory',
    });
    expect(said('Node did not have enough capacity: cpu')).to.equal(undefined);
  });
});
