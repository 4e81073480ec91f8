import { expect } from 'chai';
import { Hopeless, waitFor } from '../../kit/index.js';
import { sizes } from '../../support/soak.js';
import { differences, type Difference } from './end-state.js';
import { haveHappen, randomEvents } from './events.js';
import { Fleet } from './fleet.js';
import { needlessRestarts, overdrawn } from './laws.js';
import { disruptionsIn, type Disruption } from './ledger.js';
import { Witness } from './witness.js';

const { events, workloads, eventsWithinMs } = sizes;

/** Less than it would take to do at once what is to be done at first, and enough for all of it within half a minute. */
const BUDGETS = { policy: 1200, namespace: 1800, cluster: 240 * workloads };

/** A workload that everything happens to waits for its policy's next evaluation, its rollout and the budgets. */
const SETTLE_MS = 30_000 + workloads * 2_000;

const seed = Number(process.env.OPTIPOD_SEED ?? Date.now() % 2 ** 31);

describe(`${String(events)} random events at ${String(workloads)} workloads, again with OPTIPOD_SEED=${String(seed)}`, function () {
  this.timeout(60_000 + eventsWithinMs + SETTLE_MS);
  const witness = new Witness();
  let fleet: Fleet;
  let begun: number;
  let left: readonly Difference[];
  let disruptions: readonly Disruption[];

  before(async () => {
    fleet = await Fleet.start({ workloads, budgets: BUDGETS });
    await witness.start(fleet.world.client);
    begun = Date.now();
    await fleet.govern();
    // From here on every workload is to be restarted, and people come in between.
    await waitFor(
      'every workload to be recommended something',
      () =>
        new Set(witness.versions.flatMap(({ workload, said }) => (said === undefined ? [] : workload))).size ===
        workloads
          ? true
          : undefined,
      { everyMs: 50 },
    );
    const counts = await haveHappen(randomEvents(events, workloads, seed), fleet, eventsWithinMs);
    // Whatever they did to policies, in the end everything is to be in effect immediately.
    await fleet.govern();
    left = await waitFor(
      'all to be as policies say',
      async () => {
        fleet.assertRunning();
        left = await differences(fleet);
        if (left.length === 0) return left;
        throw new Error(left.map(({ workload, what }) => `${workload}: ${what}`).join('; '));
      },
      { timeoutMs: SETTLE_MS, everyMs: 500 },
    ).catch((error: unknown) => {
      // What is left is to be told of.
      if (error instanceof Hopeless) throw error;
      return left;
    });
    disruptions = disruptionsIn(fleet.world.cluster.auditLog ?? '');
    const restarts = disruptions.filter(({ restartedAt }) => restartedAt !== undefined).length;
    const happened = Object.entries(counts).map(([what, times]) => `${String(times)} × ${what}`);
    console.error(
      `${happened.join(', ')}: ${String(restarts)} restarts, ${String(disruptions.length - restarts)} evictions, ${String(left.length)} workloads wait`,
    );
  });

  after(async () => {
    await witness.stop();
    await fleet.stop();
  });

  it('B-APP-5 B-APP-10 no workload is restarted twice for one recommendation, or for none, or while it is rolled out', () => {
    expect(disruptions.filter(({ restartedAt }) => restartedAt !== undefined)).not.to.have.length(0);
    expect(needlessRestarts(witness.versions, disruptions)).to.deep.equal([]);
  });

  it('B-APP-10 no budget of the cluster, a namespace or a policy is exceeded, whatever hour or moment one looks at', () => {
    const times = (some: readonly Disruption[]) => some.map(({ at }) => at);
    expect(overdrawn(times(disruptions), BUDGETS.cluster, begun)).to.equal(undefined);
    for (const namespace of new Set(disruptions.map((one) => one.namespace))) {
      const some = disruptions.filter((one) => one.namespace === namespace);
      expect(overdrawn(times(some), BUDGETS.namespace, begun), namespace).to.equal(undefined);
    }
    // What stood behind it while somebody was changing that is not for the audit log to say.
    const policyOf = ({ workload, at }: Disruption) => witness.policyAround(workload, at - 1000, at + 1000);
    for (const policy of new Set(disruptions.map(policyOf))) {
      const some = policy === undefined ? [] : disruptions.filter((one) => policyOf(one) === policy);
      expect(overdrawn(times(some), BUDGETS.policy, begun), policy).to.equal(undefined);
    }
  });

  it('B-APP-4 B-APP-5 in the end pods have what policies say, or the WorkloadRecommendation tells why not', () => {
    expect(left.filter(({ told }) => told === undefined)).to.deep.equal([]);
  });
});
