import { expect } from 'chai';
import { OptimizationPolicy, WorkloadRecommendation } from 'optipod/lib/api';
import { NAMES } from 'optipod/lib/optipod';
import { orSkip } from '../kit/extras.js';
import { eventsOf, waitFor } from '../kit/index.js';
import { isWrite, requestsOf } from '../support/audit.js';
import { minutes } from '../support/tries.js';
import { manifests } from './git.js';
import { installed, type Installation } from './installation.js';
import { untilSettled, workloadsOf } from './outside.js';
import { use } from './rounds.js';
import { SSA } from './ways.js';
import { treeAt } from '../documents/tree.js';

const SPACE = 'flux-fights';

describe('Flux, with requests in Git, against the strategy ssa', function () {
  this.timeout(minutes(4));
  let installation: Installation;
  // Without pods all are rolled out, as they have to be before OptiPod applies anything.
  const git = manifests(SPACE, { replicas: 0 }).filter(({ kind }) => kind === 'Deployment');

  before(async function () {
    installation = await orSkip(this, () => installed('gitops-fights'));
    const { world, tools } = installation;
    await world.namespace(SPACE);
    await tools.flux(git);
    await untilSettled(world.client, SPACE);
  });
  after(() => installation.stop());

  async function templateCpu(): Promise<unknown> {
    const [deployment] = await workloadsOf(installation.world.client, SPACE);
    return treeAt(deployment, 'spec.template.spec.containers.0.resources.requests.cpu');
  }

  const untilCpu = (cpu: string) =>
    waitFor(`the template to request ${cpu}`, async () => ((await templateCpu()) === cpu ? true : undefined));

  const reconciled = async () => (await installation.tools.flux(git)).map(({ action }) => action);

  async function conflicts(count: number): Promise<string[]> {
    const about = { kind: 'Deployment', name: 'deployment', namespace: SPACE };
    return waitFor(`${count} events`, async () => {
      const told = (await eventsOf(installation.world.cluster, about)).filter(({ reason }) => reason === 'SSAConflict');
      return told.length >= count ? told.map(({ message }) => message) : undefined;
    });
  }

  /** How often OptiPod applied the template. */
  function applies(): number {
    const user = `system:serviceaccount:${NAMES.namespace}:${NAMES.operator}`;
    return requestsOf(installation.world.cluster.auditLog ?? '', user).filter(
      (request) =>
        isWrite(request) &&
        request.objectRef?.namespace === SPACE &&
        request.objectRef.apiGroup === 'apps' &&
        treeAt(request.requestObject, 'spec.template') !== undefined,
    ).length;
  }

  async function wrecOf() {
    const ref = { namespace: SPACE, name: 'deployment-deployment' };
    return installation.world.client.get(WorkloadRecommendation, ref);
  }

  it('B-GIT-3 is told after the first time, and left alone after the second, whatever usage does', async () => {
    const first = use(installation, 1);
    await installation.policy({ updateStrategy: SSA.updateStrategy }, [SPACE]);
    for (let time = 1; time <= 2; time += 1) {
      await untilCpu(first);
      await waitFor('OptiPod to remember that', async () =>
        (await wrecOf()).status?.applying?.applied ? true : undefined,
      );
      expect(await reconciled()).to.deep.equal(['configured']);
      const told = await conflicts(time);
      expect(told.join()).to.contain('kustomize-controller took back what OptiPod applied').and.to.contain('Flux');
    }
    const [, last = ''] = await conflicts(2);
    expect(last).to.contain('OptiPod applies nothing here until');
    await waitFor('the condition', async () => {
      const policy = await installation.world.client.get(OptimizationPolicy, { namespace: 'default', name: 'gitops' });
      const { conditions = [] } =
        (policy as { status?: { conditions?: { type: string; reason: string }[] } }).status ?? {};
      return conditions.some(({ type, reason }) => type === 'Uncontested' && reason === 'SSAConflict')
        ? true
        : undefined;
    });
    const before = applies();
    for (let number = 2; number <= 3; number += 1) {
      const wanted = use(installation, number);
      await waitFor('the recommendation', async () => {
        const { status } = await wrecOf();
        return status?.summary?.cpu?.endsWith(`-> ${wanted} (held)`)
          ? true
          : Promise.reject(new Error(status?.summary?.cpu));
      });
      expect(await reconciled()).to.deep.equal(['unchanged']);
      expect(await templateCpu()).to.equal('100m');
    }
    expect(applies()).to.equal(before);
    expect((await wrecOf()).status?.summary?.reason).to.equal('SSAConflict');
  });
});
