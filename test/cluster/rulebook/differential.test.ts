import fc from 'fast-check';
import { Apiserver, installCrds } from '../../documents/apiserver.js';
import { OLDEST, orSkip } from '../../kit/extras.js';
import { sharedCluster, startCluster, type Cluster } from '../../kit/index.js';
import { policy } from '../../support/policies/cases.js';
import { disagreement } from '../../support/policies/compare.js';
import { minutes } from '../../support/tries.js';

/** How many policies; a long run has ten thousand. */
const POLICIES = process.env.OPTIPOD_TRIES === undefined ? 300 : 10_000;

/** So many at once; kube-apiserver has more than one core. */
const BATCH = 20;

describe('B-API-9 the rulebook gives the verdict of kube-apiserver, names the same fields, and fills in the same defaults', function () {
  this.timeout(minutes(4));
  const seed = Number(process.env.OPTIPOD_SEED ?? Date.now() % 2 ** 31);

  for (const version of ['newest', OLDEST]) {
    it(`on the ${version === 'newest' ? version : `oldest (${version})`} Kubernetes, ${String(POLICIES)} policies, OPTIPOD_SEED=${String(seed)}`, async function () {
      // First, and not only for its own test: what others share must not be the oldest Kubernetes.
      const shared = await sharedCluster('control-plane');
      const cluster: Cluster = await orSkip(this, async () =>
        version === 'newest' ? shared : await startCluster({ version, name: `kubernetes-${version}` }),
      );
      await installCrds(cluster);
      const apiserver = new Apiserver(cluster);
      try {
        await compare(apiserver);
      } finally {
        await apiserver.close();
        if (cluster !== shared) await cluster.stop();
      }
    });
  }

  async function compare(apiserver: Apiserver): Promise<void> {
    const batch = fc.array(policy, { minLength: BATCH, maxLength: BATCH });
    const sameAnswers = fc.asyncProperty(batch, async (policies) => {
      const found = await Promise.all(policies.map((one) => disagreement(apiserver, one)));
      const told = found.filter((one) => one !== undefined);
      if (told.length > 0) throw new Error(`OPTIPOD_SEED=${String(seed)}\n${told.join('\n\n')}`);
    });
    // The smallest policy is not worth a thousand requests: the message names the fields in question.
    await fc.assert(sameAnswers, { numRuns: POLICIES / BATCH, seed, endOnFailure: true });
  }
});
