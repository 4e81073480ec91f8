import { join } from 'node:path';
import { expect } from 'chai';
import { Apiserver, collectionOf, installCrds } from '../documents/apiserver.js';
import { differences, isTree, merged, treeAt, type Tree } from '../documents/tree.js';
import { applicationForServerSideDiff, blocks, objectOf } from '../gitops/page.js';
import { sharedCluster, type Cluster } from '../kit/index.js';

const CRDS = join(import.meta.dirname, '../documents/crds');
const NAMESPACES = ['production', 'argocd', 'flux-system'];

/** What the page's Deployment leaves out. */
const DEPLOYMENT: Tree = {
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'app', image: 'never-run' }] } },
  },
};

describe('docs/gitops.md', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let api: Apiserver;
  const made: string[] = [];

  before(async () => {
    cluster = await sharedCluster('control-plane');
    api = new Apiserver(cluster);
    await installCrds(cluster);
    await installCrds(cluster, CRDS);
    for (const name of NAMESPACES) {
      const { code } = await api.ask('POST', '/api/v1/namespaces', { metadata: { name } });
      if (code === 201) made.push(name);
    }
  });
  after(async () => {
    // Other tests share this cluster, and must not meet a namespace that is still going away.
    if (made.length > 0) await cluster.kubectl(['delete', 'namespace', ...made]);
    await cluster.kubectl(['delete', '-f', CRDS]);
    await api.close();
  });

  it('B-GIT-2 shows nothing but what is checked here', () => {
    const kinds = blocks.map((block) => (isTree(block) ? block.kind : 'entry'));
    expect(kinds).to.deep.equal(['OptimizationPolicy', 'Application', 'entry', 'Kustomization', 'Deployment']);
  });

  for (const kind of ['OptimizationPolicy', 'Application', 'Kustomization', 'Deployment']) {
    it(`B-GIT-2 its ${kind} is accepted and kept as it stands`, async () => {
      const shown = objectOf(kind);
      const whole = kind === 'Deployment' ? merged(DEPLOYMENT, shown) : shown;
      expect(differences(shown, await api.create(collectionOf(whole), whole, { dryRun: true }))).to.deep.equal([]);
    });
  }

  it('B-GIT-2 so is its Application with the entry for the server-side diff', async () => {
    const whole = applicationForServerSideDiff();
    expect(differences(whole, await api.create(collectionOf(whole), whole, { dryRun: true }))).to.deep.equal([]);
    const [entry] = treeAt(whole, 'spec.ignoreDifferences') as Tree[];
    expect(blocks).to.deep.include([entry]);
  });
});
