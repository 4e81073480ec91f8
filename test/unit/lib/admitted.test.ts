import { expect } from 'chai';
import type { LimitRange, ResourceRequirements } from 'optipod/kube';
import { admittedPod } from 'optipod/lib/pod';

const range = (item: object): LimitRange => ({
  metadata: { name: 'sizes', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  spec: { limits: [{ type: 'Container', ...item }] },
});
const admitted = (resources?: ResourceRequirements, ...ranges: LimitRange[]) =>
  admittedPod({ containers: [{ name: 'web', ...(resources ? { resources } : {}) }] }, ranges).containers[0]?.resources;

describe('a pod as kube-apiserver makes it', () => {
  const defaults = range({ default: { cpu: '1', memory: '1Gi' }, defaultRequest: { cpu: '100m' } });

  it('has the limit for a request that is missing', () => {
    expect(admitted({ limits: { cpu: '1' } })).to.deep.equal({ requests: { cpu: '1' }, limits: { cpu: '1' } });
  });

  it('has the defaults of a LimitRange where the template says nothing', () => {
    expect(admitted(undefined, defaults)).to.deep.equal({
      requests: { cpu: '100m', memory: '1Gi' },
      limits: { cpu: '1', memory: '1Gi' },
    });
    expect(admitted({ requests: { cpu: '300m' }, limits: { memory: '2Gi' } }, defaults)).to.deep.equal({
      requests: { cpu: '300m', memory: '2Gi' },
      limits: { cpu: '1', memory: '2Gi' },
    });
  });

  it('is as it was where nobody says anything, or only pods as a whole are limited', () => {
    expect(admitted()).to.equal(undefined);
    expect(admitted(undefined, range({ type: 'Pod', default: { cpu: '1' } }))).to.equal(undefined);
    expect(admitted(undefined, { ...defaults, spec: { limits: null } })).to.equal(undefined);
  });
});
