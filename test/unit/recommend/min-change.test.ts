import { expect } from 'chai';
import { MEBI, NOW, recommended, type Given } from './inputs.js';

const standing = (request: string, limit?: string) => ({
  standing: {
    requests: { cpu: request, memory: request },
    ...(limit ? { limits: { cpu: limit, memory: limit } } : {}),
  },
});
const exact = { safetyFactor: 1 };
const at = (cores: number, given: Given = {}) => recommended({ values: [cores], metrics: exact, ...given });

describe('a change too small to matter', () => {
  it('B-REC-7 within 5 % of what was last written is held, and what stands is what is recommended', () => {
    const held = at(0.209, { rest: standing('200m') });
    expect(held).to.deep.include({ request: '200m' });
    expect(held.hold).to.deep.equal({
      reason: 'BelowThreshold',
      message: '209m is within 5% of 200m: too small a change to matter',
    });
    expect(at(0.191, { rest: standing('200m') }).hold).to.include({ reason: 'BelowThreshold' });
    for (const cores of [0.21, 0.19, 0.2]) expect(at(cores, { rest: standing('200m') })).not.to.have.property('hold');
  });

  it('B-REC-7 where nothing was written yet, the template is what there is', () => {
    const resources = { requests: { cpu: '0.2' } };
    expect(at(0.205, { resources })).to.deep.include({ request: '0.2' });
    expect(at(0.205, { resources }).hold).to.include({ reason: 'BelowThreshold' });
    expect(at(0.205)).not.to.have.property('hold');
  });

  it('B-REC-7 the share is a setting', () => {
    expect(at(0.209, { rest: standing('200m'), settings: { minChange: 0 } })).to.include({ request: '209m' });
    expect(at(0.25, { rest: standing('200m'), settings: { minChange: 0.3 } })).to.include({ request: '200m' });
  });

  it('B-REC-7 never keeps what is outside the bounds, or above a limit', () => {
    expect(at(3, { rest: standing('2050m') }))
      .to.include({ request: '2' })
      .and.not.to.have.property('hold');
    expect(at(0.05, { rest: standing('99m') }))
      .to.include({ request: '100m' })
      .and.not.to.have.property('hold');
    const resources = { requests: { cpu: '100m' }, limits: { cpu: '500m' } };
    expect(at(1, { resources, rest: standing('505m') })).to.include({ request: '500m' });
  });

  it('B-REC-7 never hides an increase that an OOM kill or a peak above the request forces', () => {
    const memory = (bytes: number, given: Given = {}) =>
      recommended({
        resource: 'memory',
        values: [100 * MEBI],
        usage: { oomKill: { pod: 'web-1', at: NOW, bytes } },
        settings: { memoryHeadroom: 0 },
        ...given,
      });
    expect(memory(208 * MEBI, { rest: standing('200Mi') })).to.include({ request: '208Mi' });
    expect(memory(200 * MEBI, { rest: standing('208Mi') }).hold).to.include({ reason: 'BelowThreshold' });
    const strategy = { updateRequestsOnly: false, limitConfig: { memoryLimitMultiplier: 1 } };
    const limited = memory(205 * MEBI, { strategy, rest: standing('205Mi', '200Mi') });
    expect(limited).to.include({ limit: '205Mi' }).and.not.to.have.property('hold');
  });

  it('B-REC-7 a limit that is to change, or to be set, is a change', () => {
    const strategy = { updateRequestsOnly: false, limitConfig: { cpuLimitMultiplier: 2 } };
    expect(at(0.2, { strategy, rest: standing('200m', '300m') })).to.include({ request: '200m', limit: '400m' });
    expect(at(0.2, { strategy, rest: standing('200m') })).to.include({ limit: '400m' });
    expect(at(0.205, { strategy, rest: standing('200m', '400m') })).to.include({ request: '200m', limit: '400m' });
  });
});
