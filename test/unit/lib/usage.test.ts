import { expect } from 'chai';
import fc from 'fast-check';
import { percentile, podOwner, pool, type PodSeries, type Usage } from 'optipod/lib/usage';

const series = (pod: string, samples: [number, number][]): PodSeries => ({
  namespace: 'shop',
  pod,
  container: 'web',
  resource: 'cpu',
  samples,
});

/** All that a usage has to say. */
function told(usage: Usage | undefined) {
  if (!usage) return undefined;
  const { samples, instants, from, to, max } = usage;
  const pods = usage.podsAbove(0.5, 1).map(({ pod }) => pod);
  return {
    samples,
    instants,
    from,
    to,
    max,
    ranks: [0, 0.3, 0.9, 1].map((p) => usage.percentile(p)),
    pods: pods.sort(),
  };
}

describe('usage', () => {
  it('B-MET-9 percentiles are linear interpolation at p(n-1)', () => {
    const of = (values: number[]) => [0.5, 0.9, 0.99].map((p) => Number(percentile(values, p).toFixed(6)));
    expect(of([100, 200, 300])).to.deep.equal([200, 280, 298]);
    expect(of([100, 200])).to.deep.equal([150, 190, 199]);
    expect(of([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000])).to.deep.equal([550, 910, 991]);
    expect(of(Array.from({ length: 100 }, (_, i) => i + 1))).to.deep.equal([50.5, 90.1, 99.01]);
    expect(() => percentile([], 0.9)).to.throw(RangeError);
  });

  it('a percentile is within the samples and grows with p', () => {
    const samples = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(
        samples,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, p, q) => {
          const sorted = Float64Array.from(values).sort();
          const [low, high] = [Math.min(p, q), Math.max(p, q)].map((at) => percentile(sorted, at)) as [number, number];
          expect(low).to.be.at.most(high);
          expect(low).to.be.at.least((sorted[0] ?? 0) - 1e-9);
          expect(high).to.be.at.most((sorted.at(-1) ?? 0) + 1e-9);
        },
      ),
    );
  });

  it('B-MET-2 pods are pooled; NaN, infinities and negative values are left out; a reading seen twice counts once', () => {
    const usage = pool([
      series('web-1', [
        [10, 1],
        [20, Number.NaN],
        [30, Infinity],
        [40, -1],
      ]),
      series('web-2', [
        [10, 3],
        [20, 2],
      ]),
      series('web-2', [[20, 2.5]]),
    ]);
    expect(usage).to.include({ samples: 3, instants: 2, from: 10, to: 20, max: 3 });
    expect([0, 0.5, 1].map((p) => usage?.percentile(p))).to.deep.equal([1, 2.5, 3]);
  });

  it('B-MET-10 nothing usable is no usage, not zero', () => {
    expect(pool([])).to.equal(undefined);
    expect(pool([series('web-1', [[10, Number.NaN]])])).to.equal(undefined);
  });

  it('the order of series and samples does not matter', () => {
    const any = fc.array(
      fc.tuple(fc.constantFrom('a', 'b'), fc.array(fc.tuple(fc.nat(5), fc.nat(9)), { maxLength: 5 })),
    );
    fc.assert(
      fc.property(any, (pods) => {
        const list = pods.map(([pod, samples]) => series(pod, samples));
        const reversed = [...list].reverse().map((one) => ({ ...one, samples: [...one.samples].reverse() }));
        expect(told(pool(reversed))).to.deep.equal(told(pool(list)));
      }),
    );
  });

  it('B-MET-2 a pod that is gone finds its workload by the unambiguous name pattern, else none', () => {
    const web = { kind: 'Deployment', name: 'web' } as const;
    const webApi = { kind: 'Deployment', name: 'web-api' } as const;
    const db = { kind: 'StatefulSet', name: 'db' } as const;
    const agent = { kind: 'DaemonSet', name: 'agent' } as const;
    const all = [web, webApi, db, agent];
    expect(podOwner('web-7d4b9c6f5d-x2k9z', all)).to.equal(web);
    expect(podOwner('web-api-7d4b9c6f5d-x2k9z', all)).to.equal(webApi);
    expect(podOwner('db-0', all)).to.equal(db);
    expect(podOwner('agent-x2k9z', all)).to.equal(agent);
    expect(podOwner('web-x', all)).to.equal(undefined);
    expect(podOwner('stranger-0', all)).to.equal(undefined);
    const lookalike = { kind: 'DaemonSet', name: 'web-7d4b9c6f5d' } as const;
    expect(podOwner('web-7d4b9c6f5d-x2k9z', [web, lookalike])).to.equal(undefined);
  });
});
