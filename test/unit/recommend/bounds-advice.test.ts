import { expect } from 'chai';
import {
  ONLY_RECOMMENDED,
  boundsAdvice,
  recommendWorkload,
  reportOf,
  storedWantedAmounts,
  wantedAmounts,
} from 'optipod/lib/recommend';
import { policyOf } from '../lib/policies.js';
import { GIBI, MEBI, NOW, usageOf } from './inputs.js';

const { resourceBounds: bounds } = policyOf({}).spec;
const cpu = (...amounts: number[]) => amounts.map((amount) => ({ resource: 'cpu', amount }) as const);
const memory = (...amounts: number[]) => amounts.map((amount) => ({ resource: 'memory', amount }) as const);

describe('advice about bounds', () => {
  it('says that a bound decides everything, and what usage asks for', () => {
    expect(boundsAdvice(bounds, [...cpu(0.001, 0.004), ...memory(5 * GIBI, 6 * GIBI, 9 * GIBI)])).to.deep.equal([
      'resourceBounds.cpu.min decides the cpu of all 2 containers: usage asks for 1m to 4m',
      'resourceBounds.memory.max decides the memory of all 3 containers: usage asks for 5Gi to 9Gi',
    ]);
  });

  it('B-API-3 reads a bound in plain bytes however large it is', () => {
    const { memory: bytes } = policyOf({
      resourceBounds: { ...bounds, memory: { min: 2 ** 60, max: JSON.parse('9223372036854775807') as number } },
    }).spec.resourceBounds;
    expect(boundsAdvice({ ...bounds, memory: bytes }, memory(GIBI, 2 * GIBI))).to.deep.equal([
      'resourceBounds.memory.min decides the memory of all 2 containers: usage asks for 1Gi to 2Gi',
    ]);
  });

  it('says nothing where usage decides for some, or where there is next to nothing to go by', () => {
    expect(boundsAdvice(bounds, [...cpu(0.001, 0.2), ...memory(MEBI)])).to.deep.equal([]);
    expect(boundsAdvice(bounds, [])).to.deep.equal([]);
  });

  it('goes by what was just computed, or by what was last told', () => {
    const pod = { containers: [{ name: 'a' }, { name: 'b' }] };
    const policy = policyOf({});
    const usage = new Map([['a', { cpu: usageOf('cpu', [0.001]), memory: usageOf('memory', [100 * MEBI]) }]]);
    const settings = { memoryHeadroom: 0, minChange: 0, staleAfter: 900 };
    const result = recommendWorkload({
      policy,
      workload: { metadata: {}, pod },
      usage,
      minSamples: 1,
      now: NOW,
      settings,
    });
    const wanted = [...cpu(0.0012), ...memory(120 * MEBI)];
    expect(wantedAmounts(result)).to.deep.equal(wanted);
    const workload = { kind: 'Deployment', metadata: { name: 'web', namespace: 'shop', uid: 'u' } } as const;
    expect(
      storedWantedAmounts(reportOf({ policy, workload, result, application: ONLY_RECOMMENDED, now: NOW })),
    ).to.deep.equal(wanted);
  });
});
