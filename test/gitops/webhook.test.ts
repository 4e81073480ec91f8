import { expect } from 'chai';
import { NAMES } from 'optipod/lib/optipod';
import { WORKLOAD_KINDS } from 'optipod/lib/policy';
import { canSkip } from '../kit/extras.js';
import { isWrite, requestsOf } from '../support/audit.js';
import { tries } from '../support/tries.js';
import { deliveries } from './deliveries.js';
import { deployed, type Fleet } from './fleet.js';
import { installed, type Installation } from './installation.js';

/** How often usage changes; at every second time something is committed to Git, too. */
const ROUNDS = tries(2, 20).numRuns;

describe('GitOps under the webhook strategy', function () {
  this.timeout(0);
  let installation: Installation;
  let fleet: Fleet;

  before(async function () {
    try {
      installation = await installed('gitops');
    } catch (error) {
      if (canSkip(error)) this.skip();
      throw error;
    }
    fleet = await deployed(installation, deliveries(installation.tools));
  });
  after(() => installation.stop());

  it(`B-GIT-1 B-APP-4 Argo CD and Flux are content while ${ROUNDS} recommendations come; nothing else changes`, async () => {
    const updateStrategy = { strategy: 'webhook', rolloutStrategy: 'onNextRestart' };
    await installation.policy({ updateStrategy }, fleet.namespaces);
    for (let round = 1; round <= ROUNDS; round += 1) {
      const others = await fleet.outside();
      const recommended = use(round);
      await fleet.contentUntil((said) => said['cpu-request.app'] === recommended);
      const annotations = await fleet.annotations();
      await fleet.sync();
      expect(await fleet.outside(), 'all but annotations').to.deep.equal(others);
      if (round % 2 === 0) {
        await fleet.commit(`never-run:${round}`);
        expect(await fleet.podRequests()).to.deep.equal(fleet.namespaces.map(() => recommended));
      }
      expect(await fleet.annotations(), 'after syncs').to.deep.equal(annotations);
    }
    const commits = Math.floor(ROUNDS / 2);
    expect(await fleet.revisions()).to.deep.equal(fleet.namespaces.map(() => String(1 + commits)));
  });

  it('B-GIT-1 B-ANN-5 they are content when injection ends, and when the policy goes', async () => {
    const others = await fleet.outside();
    await installation.policy({ mode: 'Recommend' }, fleet.namespaces);
    await fleet.contentUntil((said) => 'managed' in said && !('strategy' in said));
    await installation.world.cluster.kubectl(['delete', 'optpol', 'gitops']);
    await fleet.contentUntil((said) => Object.keys(said).length === 0);
    expect(await fleet.outside(), 'all but annotations').to.deep.equal(others);
  });

  it('B-ANN-3 B-GIT-1 what OptiPod wrote to workloads were annotations, and nothing else', () => {
    const user = `system:serviceaccount:${NAMES.namespace}:${NAMES.operator}`;
    const written = requestsOf(installation.world.cluster.auditLog ?? '', user)
      .filter((request) => isWrite(request) && request.objectRef?.apiGroup === 'apps')
      .map(({ requestObject }) => requestObject as { readonly metadata: object });
    expect(written).to.have.length.at.least(fleet.namespaces.length * WORKLOAD_KINDS.length * ROUNDS);
    for (const { metadata, ...others } of written) {
      expect(others).to.have.all.keys('apiVersion', 'kind');
      expect(['name', 'namespace', 'uid', 'annotations']).to.include.members(Object.keys(metadata));
    }
  });

  /** Up and down for CPU. @returns what is recommended for it: 1.2 times as much */
  function use(round: number): string {
    const millicores = 150 + 50 * ((round * 3) % 7);
    installation.use(millicores, 100 + 20 * round);
    return `${millicores * 1.2}m`;
  }
});
