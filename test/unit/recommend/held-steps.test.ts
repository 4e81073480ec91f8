import { expect } from 'chai';
import type { PodSpec } from 'optipod/kube';
import {
  annotationsFor,
  freshRecommendations,
  recommendWorkload,
  type ClusterConstraints,
  type GradualState,
} from 'optipod/lib/recommend';
import { policyOf } from '../lib/policies.js';
import { MEBI, NOW, usageOf } from './inputs.js';

const policy = policyOf({
  updateStrategy: { gradualDecreaseConfig: { enabled: true } },
  metricsConfig: { provider: 'prometheus', safetyFactor: 1 },
  resourceBounds: { cpu: { min: '10m', max: '4' }, memory: { min: '64Mi', max: '16Gi' } },
});

/** A container goes from 2Gi down to 700Mi, beside one that may want more than there is: what the annotations say, pass by pass. */
class Pod {
  readonly #pod: PodSpec = {
    containers: [
      { name: 'web', resources: { requests: { memory: '2Gi' } } },
      { name: 'cache', resources: { requests: { memory: '1Gi' } } },
    ],
  };
  #annotations: Record<string, string> = {};
  #gradual: ReadonlyMap<string, GradualState> = new Map();
  #now = NOW;

  /** @returns what web has from now on, and why no more was written */
  pass(cacheMebibytes: number, constraints: ClusterConstraints): readonly [string | undefined, string | undefined] {
    this.#now += 600;
    const workload = { metadata: { annotations: this.#annotations }, pod: this.#pod };
    const used = (mebibytes: number) => ({ memory: usageOf('memory', [mebibytes * MEBI], 86_400, this.#now) });
    const result = recommendWorkload({
      policy,
      workload,
      usage: new Map([
        ['web', used(700)],
        ['cache', used(cacheMebibytes)],
      ]),
      minSamples: 1,
      now: this.#now,
      settings: { memoryHeadroom: 0, minChange: 0.05, staleAfter: 900 },
      gradual: this.#gradual,
      inEffect: new Set(['web', 'cache']),
      constraints,
    });
    this.#annotations = annotationsFor({ policy, workload, fresh: freshRecommendations(result) });
    this.#gradual = new Map(
      result.containers.flatMap(({ name, memory }) => (memory.gradual ? [[name, memory.gradual] as const] : [])),
    );
    return [
      this.#annotations['optipod.io/memory-request.web'],
      result.containers.find(({ name }) => name === 'web')?.memory.hold?.reason,
    ];
  }
}

describe('gradual decreases of a pod that is held', () => {
  const holds = {
    QuotaExceeded: { quotaHeadroom: [{ quota: 'team', resource: 'memory', field: 'requests', left: 100 * MEBI }] },
    LargestNode: { largestNode: { memory: 4100 * MEBI } },
  } as const satisfies Record<string, ClusterConstraints>;

  for (const [reason, constraints] of Object.entries(holds)) {
    it(`B-REC-6 go on from where they were, step by step, when it is no longer: ${reason}`, () => {
      const pod = new Pod();
      expect(pod.pass(1000, constraints)).to.deep.equal(['1844Mi', undefined]);
      for (let pass = 0; pass < 10; pass += 1) expect(pod.pass(4000, constraints)).to.deep.equal(['1844Mi', reason]);
      expect(pod.pass(4000, {})).to.deep.equal(['1660Mi', undefined]);
      expect(pod.pass(4000, {})).to.deep.equal(['1494Mi', undefined]);
    });
  }

  it('B-REC-6 begin when it is no longer, where they had not begun', () => {
    const pod = new Pod();
    for (let pass = 0; pass < 3; pass += 1)
      expect(pod.pass(4000, holds.QuotaExceeded)).to.deep.equal([undefined, 'QuotaExceeded']);
    expect(pod.pass(4000, {})).to.deep.equal(['1844Mi', undefined]);
  });
});
