import { expect } from 'chai';
import { treeAt, type Tree } from '../../../documents/tree.js';
import { waitFor } from '../../../kit/index.js';
import { useInstallation } from '../installation.js';
import type { Name } from '../objects.js';
import { Templates, writing } from './templates.js';

const APPLIED = { requests: { cpu: '240m', memory: '240Mi' } };

describe('kubectl rollout undo under the strategy ssa', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;

  const undo = (space: string) =>
    installation().cluster.kubectl(['rollout', 'undo', 'deployment/web', '--namespace', space]);

  /** A Deployment whose template OptiPod wrote to. @param resources what it said before; not given, those of every Deployment here */
  async function written(space: string, resources?: Tree): Promise<Templates> {
    const template = new Templates(installation(), space);
    await template.create();
    if (resources) {
      const { apiVersion, kind, spec } = (await objects().get(template.web)) as Record<string, Tree>;
      const { replicas, selector } = spec ?? {};
      const metadata = { labels: { app: 'web' } };
      const containers = [{ name: 'app', image: 'app:1', resources }];
      await template.apply('kubectl', {
        apiVersion,
        kind,
        metadata: { namespace: space, name: 'web' },
        spec: { replicas, selector, template: { metadata, spec: { containers } } },
      });
      expect(await template.resources()).to.deep.equal({ app: resources });
      // Each template is to be a revision.
      expect(await template.rollouts()).to.equal(2);
    }
    await objects().create(writing(space));
    await applied(template);
    return template;
  }

  const wrecOf = (template: Templates): Name => `WorkloadRecommendation/${template.space}/deployment-web`;

  const applied = (template: Templates) =>
    waitFor('it to be applied', async () => {
      expect((await template.resources()).app).to.deep.equal(APPLIED);
      expect(treeAt(await objects().get(wrecOf(template)), 'status.applying.applied')).not.to.equal(undefined);
      await template.rollouts();
      return true;
    });

  /** Undoes what OptiPod applied, and looks at what it makes of that. @param codes of its applies, all from before. @returns the event's message */
  async function notFought(template: Templates, before: Tree, codes: readonly number[]): Promise<string> {
    await undo(template.space);
    const [message = ''] = await waitFor('the event', async () => {
      const told = await template.events('RolledBack');
      return told.length > 0 ? told : undefined;
    });
    await waitFor('the recommendation to say so', async () => {
      const wrec = await objects().get(wrecOf(template));
      expect(treeAt(wrec, 'status.applying.suspension')).to.include({ reason: 'RolledBack' });
      expect(treeAt(wrec, 'status.summary.reason')).to.equal('RolledBack');
      return true;
    });
    await template.anotherPass();
    expect((await template.resources()).app).to.deep.equal(before);
    // To let go of what it owned is a JSON patch.
    const applies = template.decided().filter(({ requestObject }) => !Array.isArray(requestObject));
    expect(applies.map(({ responseStatus }) => responseStatus?.code)).to.deep.equal(codes);
    expect(await template.events('SSAConflict')).to.deep.equal([]);
    return message;
  }

  it('B-APP-11 is not fought: event, state, no more requests, until something is edited', async () => {
    const template = await written('undone');
    const message = await notFought(template, { requests: { cpu: '500m', memory: '512Mi' } }, [409, 200]);
    expect(message).to.contain('kubectl rolled back what OptiPod applied').and.to.contain('240m -> 500m');
    const edit = { metadata: { annotations: { edited: 'yes' } } };
    await objects().patch(template.web, { spec: { template: edit } });
    await applied(template);
  });

  it('B-APP-11 nor is one to a revision that has no value for a resource', async () => {
    const template = await written('undone-bare', {});
    expect(await notFought(template, {}, [200])).to.contain('240m -> nothing');
  });
});
