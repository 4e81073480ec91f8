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
  readonly #pod: PodSpec;
  #annotations: Record<string, string> = {};
  #gradual: ReadonlyMap<string, GradualState> = new Map();
  #now = NOW;

  constructor(requested: { readonly web?: string; readonly cache?: string } = { web: '2Gi', cache: '1Gi' }) {
    const container = (name: 'web' | 'cache') => {
      const memory = requested[name];
      return memory === undefined ? { name } : { name, resources: { requests: { memory } } };
    };
    this.#pod = { containers: [container('web'), container('cache')] };
  }

  /** @returns what web has from now on, and why no more was written */
  pass(
    cacheMebibytes: number | undefined,
    constraints: ClusterConstraints,
    webMebibytes = 700,
  ): readonly [string | undefined, string | undefined] {
    this.#now += 600;
    const workload = { metadata: { annotations: this.#annotations }, pod: this.#pod };
    const used = (mebibytes: number) => ({ memory: usageOf('memory', [mebibytes * MEBI], 86_400, this.#now) });
    const result = recommendWorkload({
      policy,
      workload,
      usage: new Map([
        ['web', used(webMebibytes)],
        ...(cacheMebibytes === undefined ? [] : [['cache', used(cacheMebibytes)] as const]),
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

  it('B-REC-6 B-REC-4 go on from where they were when a quota counts a BestEffort pod no longer', () => {
    const pod = new Pod({});
    const counted = {
      quotaHeadroom: [{ quota: 'team', resource: 'memory', field: 'requests', left: 9000 * MEBI }],
    } as const;
    expect(pod.pass(undefined, {}, 2048)).to.deep.equal(['2Gi', undefined]);
    expect(pod.pass(undefined, {})).to.deep.equal(['1844Mi', undefined]);
    for (let pass = 0; pass < 5; pass += 1)
      expect(pod.pass(undefined, counted)).to.deep.equal(['1844Mi', 'QuotaExceeded']);
    expect(pod.pass(undefined, {})).to.deep.equal(['1660Mi', undefined]);
  });

  it('B-REC-6 begin when it is no longer, where they had not begun', () => {
    const pod = new Pod();
    for (let pass = 0; pass < 3; pass += 1)
      expect(pod.pass(4000, holds.QuotaExceeded)).to.deep.equal([undefined, 'QuotaExceeded']);
    expect(pod.pass(4000, {})).to.deep.equal(['1844Mi', undefined]);
  });
});
