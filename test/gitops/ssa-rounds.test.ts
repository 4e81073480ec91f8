import { orSkip } from '../kit/extras.js';
import { minutes, tries } from '../support/tries.js';
import { ignoringDeliveries } from './deliveries.js';
import { deployed, templateCpus, type Fleet } from './fleet.js';
import { installed, type Installation } from './installation.js';
import { fakeNode, type FakeNode } from './nodes.js';
import { round, use } from './rounds.js';
import { SSA } from './ways.js';

const ROUNDS = tries(1, 20).numRuns;

describe('GitOps under the strategy ssa, with the documented rules', function () {
  this.timeout(minutes(4));
  let installation: Installation;
  let fleet: Fleet;
  let node: FakeNode;

  before(async function () {
    installation = await orSkip(this, () => installed('gitops-ssa-rounds'));
    node = await fakeNode(installation.world.client);
    fleet = await deployed(installation, ignoringDeliveries(installation.tools, [SSA]));
  });
  after(async () => {
    await node.stop();
    await installation.stop();
  });

  it(`B-GIT-2 B-APP-2 Argo CD and Flux are content while ${ROUNDS} recommendations are applied`, async () => {
    const first = use(installation, 0);
    const namespaces = fleet.places.map(({ namespace }) => namespace);
    await installation.policy({ updateStrategy: SSA.updateStrategy }, namespaces);
    // With the first one the fields become OptiPod's, and Flux gives up what it owned of them.
    await fleet.contentUntil('the templates', (sight) => templateCpus(sight).every((said) => said === first));
    await fleet.sync();
    for (let number = 1; number <= ROUNDS; number += 1) await round({ installation, fleet, node }, number);
  });
});
