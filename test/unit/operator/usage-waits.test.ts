import { expect } from 'chai';
import type { ValidPolicy } from '../../../operator/cluster.js';
import { UsageWaits } from '../../../operator/policies/usage-waits.js';
import { readUsage } from '../../../operator/policies/usage.js';
import type { UsageCollector } from '../../../operator/usage/collector.js';
import type { Workload } from '../../../operator/workloads/workload.js';
import { DAY, FakeProvider, settle, START, world } from './usage-world.js';

const WINDOW = DAY * 1000;

/** Evaluations of one policy for a Deployment in each of these namespaces, and when it is to be evaluated again. */
function evaluations(collector: UsageCollector, namespaces: () => readonly string[]) {
  const policy = {
    metadata: { namespace: 'ours', name: 'web', uid: 'web' },
    spec: { metricsConfig: { provider: 'custom', rollingWindow: '1d' } },
  } as ValidPolicy;
  const workloadIn = (namespace: string) =>
    ({ kind: 'Deployment', metadata: { namespace, name: 'web' }, pod: { containers: [] } }) as unknown as Workload;
  const access = {
    collectors: { custom: collector },
    demand: { set: () => undefined } as never,
    waits: new UsageWaits(),
  };
  const soon: string[] = [];
  const evaluateSoon = (key: string) => void soon.push(key);
  return {
    soon,
    evaluate: () => readUsage(policy, namespaces().map(workloadIn), access, { nowSeconds: START, evaluateSoon }),
  };
}

describe('a policy that waits for usage', () => {
  it('B-MET-3 has it while the provider is asked once more within the second', async () => {
    const provider = new FakeProvider([], false);
    const { collector, demand, start, stop } = world(provider);
    const { evaluate, soon } = evaluations(collector, () => [...demand.keys()]);
    await start();
    demand.set('other', WINDOW);
    let answer: () => void = () => undefined;
    provider.before = () => new Promise<void>((resolve) => (answer = resolve));
    expect(evaluate()).to.equal(undefined);
    await settle();
    // Somebody else asks for something meanwhile.
    collector.wake();
    answer();
    await settle();
    expect(soon).to.deep.equal(['ours/web']);
    expect(evaluate()).to.include({ at: START });
    answer();
    await stop();
  });

  it('B-MET-3 is evaluated again where what it waited for is to be read anew', async () => {
    let isCovered = false;
    const collector = {
      failureOf: () => undefined,
      isCovered: () => isCovered,
      coveredTo: () => (isCovered ? START : undefined),
      whenCovered: () => Promise.resolve(),
      usageOf: () => ({}),
    } as unknown as UsageCollector;
    const { evaluate, soon } = evaluations(collector, () => ['shop']);
    expect(evaluate()).to.equal(undefined);
    await settle();
    expect(soon).to.deep.equal(['ours/web']);
    expect(evaluate()).to.deep.equal({ failure: 'isBeingRead' });
    expect(soon).to.deep.equal(['ours/web', 'ours/web']);
    isCovered = true;
    expect(evaluate()).to.include({ at: START });
  });
});
