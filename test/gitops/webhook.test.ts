import { expect } from 'chai';
import { NAMES } from 'optipod/lib/optipod';
import { WORKLOAD_KINDS } from 'optipod/lib/policy';
import { orSkip } from '../kit/extras.js';
import { isWrite, requestsOf } from '../support/audit.js';
import { minutes, tries } from '../support/tries.js';
import { deliveries } from './deliveries.js';
import { deployed, podRequests, type Fleet } from './fleet.js';
import { installed, type Installation } from './installation.js';
import { fakeNode, type FakeNode } from './nodes.js';
import { ownAnnotations } from './outside.js';
import { begin, round, use } from './rounds.js';
import { WEBHOOK_WAYS } from './ways.js';

/** How often usage changes; at the first and every second time after it something is committed to Git, too. */
const ROUNDS = tries(1, 20).numRuns;

describe('GitOps under the webhook strategy', function () {
  this.timeout(minutes(4));
  let installation: Installation;
  let fleet: Fleet;
  let node: FakeNode;

  before(async function () {
    installation = await orSkip(this, () => installed('gitops'));
    node = await fakeNode(installation.world.client);
    fleet = await deployed(installation, deliveries(installation.tools, WEBHOOK_WAYS));
  });
  after(async () => {
    await node.stop();
    await installation.stop();
  });

  const namespacesOf = (way: string) =>
    fleet.places.filter((place) => place.way.name === way).map(({ namespace }) => namespace);

  /** Reviews in which the webhook could not find out what it needed. */
  const unanswered = async () => (await installation.world.results()).error ?? 0;

  const ways = WEBHOOK_WAYS.map(({ name }) => name).join(', ');
  it(`B-GIT-1 B-APP-4 B-APP-5 B-APP-6 B-APP-7 Argo CD and Flux are content while ${ROUNDS} recommendations are applied: ${ways}`, async () => {
    const first = use(installation, 0);
    for (const { name, updateStrategy } of WEBHOOK_WAYS) {
      await installation.policy({ name, updateStrategy }, namespacesOf(name));
    }
    await begin({ installation, fleet }, first);
    for (let number = 1; number <= ROUNDS; number += 1) {
      const recommended = await round({ installation, fleet, node }, number);
      if (number % 2 === 0) continue;
      const before = await unanswered();
      await fleet.commit(`never-run:after-${number}`);
      const strays: string[] = [];
      for (const { namespace, pods } of await fleet.look()) {
        expect(pods, namespace).not.to.be.empty;
        const others = pods.filter((pod) => podRequests(pod)?.cpu !== recommended);
        strays.push(...others.map(({ metadata }) => `${namespace}/${metadata.name}`));
      }
      // B-WEB-2: of whose owner a busy kube-apiserver told nothing in time started as it was.
      expect(strays, `not ${recommended}`).to.have.length.at.most((await unanswered()) - before);
    }
    const commits = Math.ceil(ROUNDS / 2);
    for (const { way, workloads } of await fleet.look()) {
      if (way.template !== 'nothing') continue;
      const revision = workloads[0]?.metadata.annotations?.['deployment.kubernetes.io/revision'];
      expect(revision).to.equal(String(1 + commits));
    }
  });

  it('B-GIT-1 B-ANN-5 they are content when injection ends, and when the policy goes', async () => {
    const others = await fleet.outside();
    for (const { name } of WEBHOOK_WAYS) await installation.policy({ name, mode: 'Recommend' }, namespacesOf(name));
    await fleet.contentUntil('injection to end', ({ workloads }) =>
      workloads.map(ownAnnotations).every((said) => 'managed' in said && !('strategy' in said)),
    );
    await installation.world.cluster.kubectl(['delete', 'optpol', ...WEBHOOK_WAYS.map(({ name }) => name)]);
    await fleet.contentUntil('annotations to go', ({ workloads }) =>
      workloads.map(ownAnnotations).every((said) => Object.keys(said).length === 0),
    );
    expect(await fleet.outside(), 'all but annotations').to.deep.equal(others);
  });

  it('B-ANN-3 B-GIT-1 what OptiPod wrote to workloads were annotations, and the instants of restarts', () => {
    const user = `system:serviceaccount:${NAMES.namespace}:${NAMES.operator}`;
    const written = requestsOf(installation.world.cluster.auditLog ?? '', user).filter(
      (request) => isWrite(request) && request.objectRef?.apiGroup === 'apps',
    );
    expect(written).to.have.length.at.least(fleet.places.length * WORKLOAD_KINDS.length * ROUNDS);
    for (const { requestObject, requestURI } of written) {
      const { metadata, spec, ...others } = requestObject as { readonly metadata: object; readonly spec?: unknown };
      expect(['apiVersion', 'kind']).to.include.members(Object.keys(others));
      if (spec === undefined) {
        expect(['name', 'namespace', 'uid', 'annotations']).to.include.members(Object.keys(metadata));
      } else {
        expect(requestURI).to.contain('-immediate/');
        const annotations = (spec as { template: { metadata: { annotations: object } } }).template.metadata.annotations;
        expect(spec).to.deep.equal({ template: { metadata: { annotations } } });
        expect(annotations).to.have.all.keys('kubectl.kubernetes.io/restartedAt');
      }
    }
  });
});
