import { expect } from 'chai';
import { treeAt } from '../../../documents/tree.js';
import { waitFor } from '../../../kit/index.js';
import { useInstallation } from '../installation.js';
import { deployment, type Name } from '../objects.js';
import { Templates, writing } from './templates.js';

describe('a tug of war for a template', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  let template: Templates;

  const WREC: Name = 'WorkloadRecommendation/tug/deployment-web';
  const APPLIED = { app: { requests: { cpu: '240m', memory: '240Mi' } } };
  const IN_GIT = { app: { requests: { cpu: '500m', memory: '512Mi' } } };

  before(async () => {
    template = new Templates(installation(), 'tug');
    await template.create({}, 'kustomize-controller');
    await objects().create(writing('tug'));
  });

  const applied = () =>
    waitFor('it to be applied', async () => {
      expect(await template.resources()).to.deep.equal(APPLIED);
      expect(treeAt(await objects().get(WREC), 'status.applying.applied')).not.to.equal(undefined);
      return true;
    });
  const takeBack = (over = {}) => template.apply('kustomize-controller', deployment('tug', 'web', over));
  const conflicts = (count: number) =>
    waitFor(`${count} events`, async () => {
      const told = await template.events('SSAConflict');
      return told.length >= count ? told : undefined;
    });

  it('B-GIT-3 B-APP-3 the first time is told, with who it was and what to change', async () => {
    await applied();
    await takeBack();
    const [message = ''] = await conflicts(1);
    expect(message).to.contain('kustomize-controller took back').and.to.contain('240m -> 500m').and.to.contain('Flux');
    await applied();
  });

  it('B-GIT-3 the second time within an hour ends it: event, condition, state, and no more requests', async () => {
    await takeBack();
    const told = await conflicts(2);
    expect(told.join()).to.contain('OptiPod applies nothing here until');
    const { message } = await objects().condition(template.policy, 'Uncontested', 'SSAConflict');
    expect(message).to.contain('Deployment/tug/web').and.to.contain('kustomize-controller');
    const wrec = await objects().get(WREC);
    expect(treeAt(wrec, 'status.applying.suspension')).to.include({ reason: 'SSAConflict' });
    expect(treeAt(wrec, 'status.summary.reason')).to.equal('SSAConflict');
    const writes = template.writes().length;
    await objects().patch(template.web, { metadata: { labels: { tier: 'web' } } });
    await template.anotherPass();
    expect(template.writes()).to.have.length(writes);
    expect(await template.resources()).to.deep.equal(IN_GIT);
  });

  it('B-GIT-3 other resources are no end of it; an edit of the rest of the template is', async () => {
    const resources = { requests: { cpu: '501m', memory: '512Mi' } };
    const app = (over: object) => ({ spec: { template: { spec: { containers: [{ name: 'app', ...over }] } } } });
    await takeBack(app({ resources }));
    await template.anotherPass();
    expect((await template.resources()).app).to.deep.equal(resources);
    await takeBack(app({ image: 'app:2', resources }));
    await applied();
  });

  it('B-GIT-3 an edit of the policy is an end of it, too', async () => {
    for (let time = 0; time < 2; time += 1) {
      await applied();
      await takeBack({ spec: { template: { spec: { containers: [{ name: 'app', image: 'app:2' }] } } } });
      if (time === 0) await applied();
    }
    await objects().condition(template.policy, 'Uncontested', 'SSAConflict');
    await objects().evaluate(template.policy);
    await applied();
    await waitFor('the condition to be gone', async () => {
      const { conditions = [] } = await objects().status(template.policy);
      return conditions.some(({ type }) => type === 'Uncontested') ? undefined : true;
    });
  });
});
