import { expect } from 'chai';
import type { LimitRange, PodSpec, ResourceRequirements } from 'optipod/kube';
import { limitRangeViolation } from 'optipod/lib/pod';

const container = (name: string, resources?: ResourceRequirements, more: object = {}) => ({
  name,
  ...(resources ? { resources } : {}),
  ...more,
});
const ranges = (...limits: object[]) => [{ spec: { limits } }] as unknown as LimitRange[];
const requests = (cpu: string) => ({ requests: { cpu } });
const pod = (...containers: PodSpec['containers']): PodSpec => ({ containers });

describe('what a LimitRange forbids', () => {
  it('B-WEB-1 a pod is the sum of the containers that say something; those that do not are passed over', () => {
    const before = pod(container('a', { ...requests('100m'), limits: { cpu: '500m' } }), container('b'));
    const after = (cpu: string) => pod(...before.containers.slice(0, 1), container('b', requests(cpu)));
    const most = ranges({ type: 'Pod', max: { cpu: '1' } });
    expect(limitRangeViolation(before, after('900m'), most)).to.equal(false);
    expect(limitRangeViolation(before, after('901m'), most)).to.equal(true);
  });

  it('B-WEB-1 a pod is what its init containers need beside earlier sidecars, where that is more', () => {
    const before: PodSpec = { containers: [container('a', requests('100m'))] };
    const after = (sidecar: string): PodSpec => ({
      ...before,
      initContainers: [
        container('proxy', requests(sidecar), { restartPolicy: 'Always' }),
        container('setup', requests('500m')),
      ],
    });
    const ratio = (cpu: string) => ranges({ type: 'Pod', min: { cpu } });
    expect(limitRangeViolation(after('300m'), after('200m'), ratio('700m'))).to.equal(false);
    expect(limitRangeViolation(after('300m'), after('200m'), ratio('701m'))).to.equal(true);
  });

  it('B-WEB-1 a request that is missing is the limit, as kube-apiserver makes it after a patch', () => {
    const first = container('a', { requests: { cpu: '100m' }, limits: { cpu: '100m' } });
    const after = pod(first, container('b', { limits: { cpu: '200m' } }));
    const ratio = (cpu: string) => ranges({ type: 'Pod', maxLimitRequestRatio: { cpu } });
    expect(limitRangeViolation(pod(first, container('b')), after, ratio('1'))).to.equal(false);
  });

  it('B-WEB-1 a rule that was broken before does not hide another that is broken now', () => {
    const before = pod(container('a', requests('50m')), container('b', requests('200m')));
    const after = pod(container('a', requests('50m')), container('b', requests('90m')));
    expect(limitRangeViolation(before, after, ranges({ type: 'Container', min: { cpu: '100m' } }))).to.equal(true);
    expect(limitRangeViolation(before, before, ranges({ type: 'Container', min: { cpu: '100m' } }))).to.equal(false);
  });

  it('B-WEB-1 a ratio is compared as kube-apiserver does, in floating point', () => {
    const half = pod(container('a', { requests: { cpu: '1' }, limits: { cpu: '1' } }));
    const more = pod(container('a', { requests: { cpu: '1' }, limits: { cpu: '1100m' } }));
    const ratio = (cpu: string) => ranges({ type: 'Container', maxLimitRequestRatio: { cpu } });
    expect(limitRangeViolation(half, more, ratio('1.1'))).to.equal(false);
    expect(limitRangeViolation(half, more, ratio('1.099'))).to.equal(true);
  });

  it('B-WEB-1 one without limits forbids nothing', () => {
    const none = [{ spec: { limits: null } }] as unknown as LimitRange[];
    expect(limitRangeViolation(pod(container('a')), pod(container('a', requests('1'))), none)).to.equal(false);
  });
});
