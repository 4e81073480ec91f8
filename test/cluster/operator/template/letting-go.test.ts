import { expect } from 'chai';
import { treeAt, type Tree } from '../../../documents/tree.js';
import { waitFor } from '../../../kit/index.js';
import { useInstallation } from '../installation.js';
import { deployment, type Name } from '../objects.js';
import { Templates, writing } from './templates.js';

describe('where the strategy ssa ends', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  let template: Templates;

  const APPLIED = { app: { requests: { cpu: '240m', memory: '240Mi' } } };

  before(async () => {
    template = new Templates(installation(), 'released');
    await template.create();
    await objects().create(writing('released'));
    await applied();
  });

  const owns = async () => (await template.managers()).some((manager) => manager.startsWith('optipod '));
  const applied = () => waitFor('OptiPod to own', async () => ((await owns()) ? true : undefined));

  /** Does something after which OptiPod is to have let go of the template, and holds what that changed against nothing. */
  async function letsGo(how: () => Promise<unknown>): Promise<void> {
    const rollouts = await template.rollouts();
    const spec = treeAt(await objects().get(template.web), 'spec');
    await how();
    await waitFor('OptiPod to let go', async () => ((await owns()) ? undefined : true), { timeoutMs: 20_000 });
    expect(treeAt(await objects().get(template.web), 'spec')).to.deep.equal(spec);
    expect(await template.resources()).to.deep.equal(APPLIED);
    expect(await template.rollouts()).to.equal(rollouts);
  }

  const patch = (spec: Tree) => objects().patch(template.policy, { spec });

  it("B-APP-2 with the mode, values stay and are nobody's", async () => {
    await letsGo(() => patch({ mode: 'Recommend' }));
    await patch({ mode: 'Auto' });
    await applied();
  });

  it('B-APP-2 with the strategy', async () => {
    await letsGo(() => patch({ updateStrategy: { strategy: 'webhook' } }));
    await patch({ updateStrategy: { strategy: 'ssa' } });
    await applied();
  });

  it('B-APP-2 where the workload is ignored', async () => {
    await letsGo(() => objects().annotate(template.web, { 'optipod.io/ignore': 'true' }));
    await objects().annotate(template.web, { 'optipod.io/ignore': null });
    await applied();
  });

  it('B-APP-2 what somebody set meanwhile is no taking back, and the original from then on', async () => {
    await letsGo(() => patch({ mode: 'Recommend' }));
    await objects().evaluate(template.policy);
    const containers = [{ name: 'app', resources: { requests: { cpu: '600m', memory: '512Mi' } } }];
    await template.apply('team', deployment('released', 'web', { spec: { template: { spec: { containers } } } }));
    await patch({ mode: 'Auto' });
    await waitFor('it to be applied', async () => {
      expect(await template.resources()).to.deep.equal(APPLIED);
      return true;
    });
    expect(await template.events('SSAConflict')).to.deep.equal([]);
    await waitFor('the original', async () => {
      const wrec = await objects().get(WREC);
      expect(treeAt(wrec, 'status.applying.originals')).to.deep.equal([
        { name: 'app', cpu: { request: '600m' }, memory: { request: '512Mi' } },
      ]);
      return true;
    });
  });

  it('B-APP-2 with the policy, while OptiPod is away, and what the template said before stays known', async () => {
    await applied();
    await installation().stopOperator();
    await letsGo(async () => {
      await objects().remove(template.policy);
      await installation().startOperator();
    });
    const wrec = await waitFor('what is left', async () => {
      const object = await objects().get(WREC);
      return treeAt(object, 'status.summary.state') === 'Released' ? object : undefined;
    });
    expect(treeAt(wrec, 'status.applying.originals')).to.deep.equal([
      { name: 'app', cpu: { request: '600m' }, memory: { request: '512Mi' } },
    ]);
    // Whoever puts it back by hand needs to be told nothing more.
    const containers = [{ name: 'app', resources: { requests: { cpu: '600m', memory: '512Mi' } } }];
    await template.apply('team', deployment('released', 'web', { spec: { template: { spec: { containers } } } }));
    await waitFor('nothing to be left', async () => {
      const { code } = await objects().api.ask(
        'GET',
        '/apis/optipod.io/v1alpha1/namespaces/released/workloadrecommendations/deployment-web',
      );
      return code === 404 ? true : undefined;
    });
  });

  const WREC: Name = 'WorkloadRecommendation/released/deployment-web';
});
