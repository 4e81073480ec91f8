import { expect } from 'chai';
import { createClient, loadClusterConfig, type KubeClient } from '../../../../operator/runtime/index.js';
import { treeAt, type Tree } from '../../../documents/tree.js';
import { waitFor } from '../../../kit/index.js';
import { makePodsReady } from '../../../support/made-ready.js';
import { useInstallation } from '../installation.js';
import { deployment, namespace, type Name } from '../objects.js';
import { Templates, writing } from './templates.js';

const APPLIED = { requests: { cpu: '240m', memory: '240Mi' } };

describe('a template that goes back under the strategy ssa', function () {
  this.timeout(120_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  let client: KubeClient;
  const ends: (() => Promise<unknown>)[] = [];

  before(async () => {
    client = createClient(await loadClusterConfig({ kubeconfig: installation().cluster.kubeconfig }));
  });
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  after(() => client.close());

  /** What is remembered of three that regressed would open the circuit breaker for everybody else. */
  async function forgotten(template: Templates): Promise<void> {
    await objects().remove(template.policy);
    await objects().remove(template.web);
    await waitFor('it to be forgotten', async () => {
      const { items } = await objects().api.get(
        `/apis/optipod.io/v1alpha1/namespaces/${template.space}/workloadrecommendations`,
      );
      return (items as Tree[]).length === 0 ? true : undefined;
    });
  }

  /** A Deployment of one pod, whose template OptiPod wrote to for the first time. @param resources what it said before */
  async function applied(space: string, resources: Tree, useServerSideApply = true): Promise<Templates> {
    const template = new Templates(installation(), space);
    await objects().create(namespace(space));
    const pods = await makePodsReady(client, space);
    ends.push(
      () => pods.stop(),
      () => forgotten(template),
    );
    const object = deployment(space, 'web', { spec: { replicas: 1 } });
    const { template: pod, ...spec } = object.spec as Record<string, Tree>;
    const containers = [{ name: 'app', image: 'app:1', resources }];
    await template.apply('kubectl', { ...object, spec: { ...spec, template: { ...pod, spec: { containers } } } });
    await objects().create(writing(space, { updateStrategy: { useServerSideApply } }));
    await waitFor('it to be applied', async () => {
      expect(await template.resources()).to.deep.equal({ app: APPLIED });
      expect(treeAt(await objects().get(wrecOf(template)), 'status.applying.applied')).not.to.equal(undefined);
      return true;
    });
    expect(await template.rollouts()).to.equal(2);
    return template;
  }

  const wrecOf = ({ space }: Templates): Name => `WorkloadRecommendation/${space}/deployment-web`;

  /** The pods of the Deployment that are there to stay. */
  async function podsOf({ space }: Templates): Promise<readonly Tree[]> {
    const { items } = await objects().api.get(`/api/v1/namespaces/${space}/pods?labelSelector=app%3Dweb`);
    return (items as Tree[]).filter((pod) => treeAt(pod, 'metadata.deletionTimestamp') === undefined);
  }

  const resourcesOf = (pod: Tree) => treeAt(pod, 'spec.containers.0.resources');

  /** As a kubelet tells it of a container that started in a pod with what was applied, and was killed for want of memory. */
  async function killed(template: Templates): Promise<void> {
    const name = await waitFor('a pod with what was applied', async () => {
      const found = (await podsOf(template)).find(
        (pod) => JSON.stringify(resourcesOf(pod)) === JSON.stringify(APPLIED),
      );
      return found && String(treeAt(found, 'metadata.name'));
    });
    const at = new Date(Date.now() + 1000).toISOString().replace(/\.\d+Z$/, 'Z');
    const ended = { terminated: { exitCode: 137, reason: 'OOMKilled', startedAt: at, finishedAt: at } };
    const status = {
      name: 'app',
      image: 'app:1',
      imageID: '',
      ready: false,
      restartCount: 1,
      state: { running: { startedAt: at } },
      lastState: ended,
    };
    await objects().patchStatus(`Pod/${template.space}/${name}`, { phase: 'Running', containerStatuses: [status] });
  }

  /** Waits until the template says this again, the recommendation why, and one event. */
  async function goesBack(template: Templates, to: Tree): Promise<void> {
    await waitFor('the template to go back', async () => {
      expect(await template.resources()).to.deep.equal({ app: to });
      return true;
    });
    await waitFor('the recommendation to say so', async () => {
      const wrec = await objects().get(wrecOf(template));
      expect(treeAt(wrec, 'status.applying.suspension')).to.include({ reason: 'Regressed' });
      expect(treeAt(wrec, 'status.summary.reason')).to.equal('Regressed');
      return true;
    });
    const [message, ...more] = await waitFor('the event', async () => {
      const told = await template.events('Regressed');
      return told.length > 0 ? told : undefined;
    });
    expect(message).to.contain('container app was killed for want of memory');
    expect(more).to.deep.equal([]);
  }

  it('B-APP-11 has no resources again where it had none, and its pods neither', async () => {
    const template = await applied('regressed-bare', {});
    await killed(template);
    await goesBack(template, {});
    // That was a rollback, and a revision of its own no more.
    expect(await template.rollouts()).to.equal(3);
    await waitFor('a pod without resources', async () =>
      (await podsOf(template)).some((pod) => Object.keys(resourcesOf(pod) as Tree).length === 0) ? true : undefined,
    );
    await template.anotherPass();
    expect(await template.resources()).to.deep.equal({ app: {} });
    expect(await template.rollouts()).to.equal(3);
    expect(template.decided().map(({ responseStatus }) => responseStatus?.code)).to.deep.equal([200, 200]);
  });

  it('B-APP-11 has none again either where they came by patches before applies', async () => {
    const template = await applied('regressed-patched', {}, false);
    await objects().patch(template.policy, { spec: { updateStrategy: { useServerSideApply: true } } });
    await waitFor('an apply', async () => ((await template.managers()).includes('optipod Apply') ? true : undefined));
    await killed(template);
    await goesBack(template, {});
    await template.anotherPass();
    expect(await template.resources()).to.deep.equal({ app: {} });
    expect(await template.rollouts()).to.equal(3);
    expect(await template.events('RolledBack')).to.deep.equal([]);
  });

  it('B-APP-11 B-GIT-3 has its own resources again, and what somebody says afterwards stands', async () => {
    const own = { requests: { cpu: '500m', memory: '512Mi' } };
    const template = await applied('regressed-edited', own);
    await killed(template);
    await goesBack(template, own);
    const set = ['set', 'resources', 'deployment/web', '--requests=cpu=300m,memory=600Mi'];
    await installation().cluster.kubectl([...set, '--namespace', template.space]);
    const edited = { requests: { cpu: '300m', memory: '600Mi' } };
    await template.anotherPass();
    expect(await template.resources()).to.deep.equal({ app: edited });
    expect(await template.events('SSAConflict')).to.deep.equal([]);
  });
});
