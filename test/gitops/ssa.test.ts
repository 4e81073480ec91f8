import { expect } from 'chai';
import { WORKLOAD_KINDS } from 'optipod/lib/policy';
import { treeAt } from '../documents/tree.js';
import { orSkip } from '../kit/extras.js';
import { waitFor } from '../kit/index.js';
import { minutes } from '../support/tries.js';
import { ignore, ignoreDifferences, ignoreResources } from './deliveries.js';
import { manifests, type Manifest } from './git.js';
import { installed, type Installation } from './installation.js';
import { KINDS, untilSettled, type Workload } from './outside.js';
import type { Application, IgnoreRule } from './tools.js';

/** How Argo CD applies. */
const SYNCS: Readonly<Record<string, Application>> = {
  'argocd-client': {},
  'argocd-server': { serverSideApply: true },
};

const RECOMMENDED = ['240m', '240m', '240m'];
const IN_GIT = ['100m', '100m', '100m'];

describe('GitOps under the strategy ssa', function () {
  this.timeout(minutes(4));
  let installation: Installation;
  const repositories = new Map<string, readonly Manifest[]>();

  before(async function () {
    installation = await orSkip(this, () => installed('gitops-ssa'));
    // Without pods all are rolled out, as they have to be before OptiPod applies anything.
    for (const namespace of [...Object.keys(SYNCS), 'flux', 'flux-ignoring']) {
      repositories.set(namespace, manifests(namespace, { replicas: 0 }));
      repositories.set(`${namespace}-silent`, manifests(`${namespace}-silent`, { replicas: 0, resources: 'none' }));
    }
    const { world, tools } = installation;
    for (const [namespace, git] of repositories) {
      await world.namespace(namespace);
      if (namespace.startsWith('flux')) await tools.flux(git);
      else await tools.argoSync(git, syncOf(namespace));
      await untilSettled(world.client, namespace);
    }
    installation.use(200, 100);
    await installation.policy({ updateStrategy: { strategy: 'ssa' } }, [...repositories.keys()]);
    for (const namespace of repositories.keys()) await untilApplied(namespace);
    // It would apply again what is taken back from it, for a while.
    await world.stopOperator();
  });
  after(() => installation.stop());

  for (const [namespace, sync] of Object.entries(SYNCS)) {
    it(`B-GIT-2 ${namespace}: out of sync without the rule, in sync with it`, async () => {
      expect(await synced(namespace, sync)).to.deep.equal([false, false, false]);
      expect(await synced(namespace, { ...sync, ignoreDifferences })).to.deep.equal([true, true, true]);
    });

    it(`B-GIT-2 ${namespace}: the server-side diff needs the resources' path besides`, async () => {
      const compared = { ...sync, serverSideDiff: true };
      expect(await synced(namespace, compared)).to.deep.equal([false, false, false]);
      expect(await synced(namespace, { ...compared, ignoreDifferences })).to.deep.equal([false, false, false]);
      const rules = { ignoreDifferences: ignoreResources };
      expect(await synced(namespace, { ...compared, ...rules })).to.deep.equal([true, true, true]);
      expect(await synced(namespace, { ...sync, ...rules })).to.deep.equal([true, true, true]);
    });

    it(`B-GIT-2 ${namespace}: a sync keeps what OptiPod applied with RespectIgnoreDifferences alone`, async () => {
      const git = gitOf(namespace);
      for (const rules of [ignoreDifferences, ignoreResources]) {
        await installation.tools.argoSync(git, { ...sync, ignoreDifferences: rules, respectIgnoreDifferences: true });
        expect(await requests(namespace)).to.deep.equal(RECOMMENDED);
      }
      await installation.tools.argoSync(git, { ...sync, ignoreDifferences });
      expect(await requests(namespace)).to.deep.equal(IN_GIT);
    });

    it(`B-GIT-2 ${namespace}: nobody fights over requests that Git leaves out`, async () => {
      const silent = `${namespace}-silent`;
      expect(await synced(silent, sync)).to.deep.equal([true, true, true]);
      expect(await synced(silent, { ...sync, serverSideDiff: true })).to.deep.equal([true, true, true]);
      await installation.tools.argoSync(gitOf(silent), sync);
      expect(await requests(silent)).to.deep.equal(RECOMMENDED);
    });
  }

  it('B-GIT-2 Flux takes back what Git has, and leaves what Git leaves out', async () => {
    expect(await reconciled('flux')).to.deep.equal(['configured', 'configured', 'configured']);
    expect(await requests('flux')).to.deep.equal(IN_GIT);
    expect(await reconciled('flux-silent')).to.deep.equal(['unchanged', 'unchanged', 'unchanged']);
    expect(await requests('flux-silent')).to.deep.equal(RECOMMENDED);
  });

  it('B-GIT-2 Flux with an ignore rule leaves it, also when something else in Git changes', async () => {
    // kube-apiserver counts a DaemonSet's templates in an annotation, in a dry run as well. Flux sees that every time: at first it
    // gives up what it owned of the resources, later it changes nothing.
    const seen = ['unchanged', 'unchanged', 'configured'];
    expect(await reconciled('flux-ignoring', ignore)).to.deep.equal(seen);
    const before = await versions('flux-ignoring');
    expect(await reconciled('flux-ignoring', ignore)).to.deep.equal(seen);
    expect(await versions('flux-ignoring')).to.deep.equal(before);
    expect(await requests('flux-ignoring')).to.deep.equal(RECOMMENDED);
    repositories.set('flux-ignoring', manifests('flux-ignoring', { replicas: 0, image: 'never-run:2' }));
    expect(await reconciled('flux-ignoring', ignore)).to.deep.equal(['configured', 'configured', 'configured']);
    expect(await requests('flux-ignoring')).to.deep.equal(RECOMMENDED);
  });

  function syncOf(namespace: string): Application {
    return SYNCS[namespace.replace('-silent', '')] ?? {};
  }

  function gitOf(namespace: string): readonly Manifest[] {
    return repositories.get(namespace) ?? [];
  }

  async function synced(namespace: string, application: Application): Promise<boolean[]> {
    const compared = await installation.tools.argoDiff(gitOf(namespace), application);
    return compared.map((comparison) => comparison.synced);
  }

  async function reconciled(namespace: string, rules?: readonly IgnoreRule[]): Promise<string[]> {
    const changes = await installation.tools.flux(gitOf(namespace), rules);
    return changes.map(({ action }) => action);
  }

  function untilApplied(namespace: string): Promise<true> {
    return waitFor(`what is recommended, in the templates of ${namespace}`, async () =>
      (await requests(namespace)).every((cpu, index) => cpu === RECOMMENDED[index]) ? true : undefined,
    );
  }

  /** For CPU, by kind. */
  async function requests(namespace: string): Promise<unknown[]> {
    const workloads = await workloadsOf(namespace);
    return workloads.map((workload) => treeAt(workload, 'spec.template.spec.containers.0.resources.requests.cpu'));
  }

  /** Without what controllers say of their state, which comes when it comes. */
  async function versions(namespace: string): Promise<unknown[]> {
    return (await workloadsOf(namespace)).map(({ metadata, spec }) => {
      const { resourceVersion: _, ...others } = metadata;
      return { metadata: others, spec };
    });
  }

  function workloadsOf(namespace: string): Promise<Workload[]> {
    return Promise.all(
      WORKLOAD_KINDS.map((which) =>
        installation.world.client.get(KINDS[which], { namespace, name: which.toLowerCase() }),
      ),
    );
  }
});
