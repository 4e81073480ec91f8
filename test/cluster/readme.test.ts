import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { established, sharedCluster } from '../kit/index.js';

const readme = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
const crd = join(import.meta.dirname, '../../imports/crds/optimizationpolicies.optipod.io.yaml');

describe('the README', () => {
  it('B-INS-3 shows a policy of six lines that kube-apiserver takes', async function () {
    this.timeout(120_000);
    const cluster = await sharedCluster('control-plane');
    const policy = /```yaml\n([^`]+)```/.exec(readme)?.[1] ?? '';
    expect(policy.trim().split('\n')).to.have.length(6);
    await cluster.kubectl(['apply', '--server-side', '-f', crd]);
    await established(cluster, 'crd/optimizationpolicies.optipod.io');
    const namespaces = (await cluster.kubectl(['get', 'namespaces', '-o', 'name'])).stdout;
    if (!namespaces.includes('namespace/web\n')) await cluster.kubectl(['create', 'namespace', 'web']);
    const { stdout } = await cluster.kubectl(['apply', '--dry-run=server', '-f', '-'], { input: policy });
    expect(stdout).to.contain('optimizationpolicy.optipod.io/web created (server dry run)');
  });

  it('is under one screen', () => {
    expect(readme.split('\n').length).to.be.below(60);
  });
});
