import { rm } from 'node:fs/promises';
import { expect } from 'chai';
import { consumerApp } from '../support/consumer-apps.js';
import { npx, run, write } from '../support/consumer-run.js';
import { packed } from '../support/packed.js';

const PROGRAM = `
import { type Cluster, eventsOf, install, kubeconfigOf, startCluster, waitFor } from 'optipod/testing';

const cluster: Cluster = await startCluster({ name: 'consumer', audit: true });
try {
  await install(cluster, [{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'reader', namespace: 'default' } }]);
  const kubeconfig = await kubeconfigOf(cluster, { namespace: 'default', name: 'reader' });
  const { stderr } = await cluster.kubectl(['get', 'pods', '--kubeconfig', kubeconfig], { allowFailure: true });
  const { stdout } = await cluster.kubectl(['get', 'namespace', 'default', '--output=name']);
  const events = await waitFor('events', () => eventsOf(cluster, { kind: 'Pod', name: 'nobody', namespace: 'default' }));
  console.log(stdout.trim(), events.length, stderr.includes('Forbidden') || stderr.includes('forbidden'));
} finally {
  await cluster.stop();
}
`;

describe("optipod/testing in somebody else's project", function () {
  this.timeout(300_000);
  let app = '';

  before(async () => {
    app = await consumerApp('strict', await packed());
    await write(app, {
      'program.ts': PROGRAM,
      'tsconfig.json': JSON.stringify({
        compilerOptions: { target: 'es2022', module: 'nodenext', strict: true, types: ['node'] },
        files: ['program.ts'],
      }),
    });
    await npx(app, 'tsc', '-p', '.');
  });

  after(() => rm(app, { recursive: true, force: true }));

  it('B-FRM-3 starts a real control plane, installs, lends rights, asks for events, and stops it', async () => {
    expect(await run(process.execPath, ['program.js'], app)).to.equal('namespace/default 0 true\n');
  });

  it('B-FRM-3 has a command that keeps a cluster up', async () => {
    expect(await npx(app, 'optipod-cluster', '--help'))
      .to.contain('optipod-cluster')
      .and.to.contain('exec');
  });
});
