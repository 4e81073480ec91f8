import { createClient, createDeclaredOperator, loadClusterConfig, silentLogger } from '@optipod/operator/runtime';
import { App } from 'cdk8s';
import { expect } from 'chai';
import { Operator } from 'optipod/install';
import { apiVersionOf } from 'optipod/kube';
import { type Manifest, type Cluster, install, kubeconfigOf, startCluster, waitFor } from 'optipod/testing';
import operator, { Sandbox } from '../../examples/08-second-operator/sandbox.js';

const HOUR_MS = 3_600_000;
const account = { namespace: operator.name, name: operator.name };

describe('a second operator, examples/08-second-operator', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let stop: () => Promise<void> = () => Promise.resolve();
  let now = Date.now;
  let metrics: () => Promise<string>;

  const get = async (...what: string[]): Promise<Manifest & { readonly spec?: unknown; readonly status?: unknown }> =>
    JSON.parse((await cluster.kubectl(['get', ...what, '--output=json'])).stdout) as never;
  const gone = (...what: string[]) =>
    waitFor(`the end of ${what.join(' ')}`, async () => {
      const { stdout } = await cluster.kubectl(['get', ...what, '--ignore-not-found']);
      return stdout === '' ? true : undefined;
    });
  const sandbox = (name: string, spec: object) =>
    install(cluster, [{ apiVersion: apiVersionOf(Sandbox), kind: Sandbox.kind, metadata: { name }, spec }]);
  const ready = (name: string) =>
    waitFor(`the status of ${name}`, async () => {
      const { status } = await get('sandbox', name);
      return status ? (status as { namespace: string; expires: string }) : undefined;
    });

  before(async () => {
    cluster = await startCluster({ name: 'second-operator', audit: true });
    const app = new App();
    new Operator(app, 'sandboxes', operator, { image: 'registry.example.com/sandbox-operator:1' });
    await install(cluster, app.synthYaml());
    const client = createClient(await loadClusterConfig({ kubeconfig: await kubeconfigOf(cluster, account) }));
    const manager = createDeclaredOperator(operator, {
      client,
      log: silentLogger,
      now: () => now(),
    });
    metrics = () => manager.metrics.registry.metrics();
    const end = new AbortController();
    const ended = manager.run(end.signal);
    stop = () => {
      end.abort();
      return ended;
    };
  });
  after(async () => {
    await stop();
    await cluster.stop();
  });

  it('B-FRM-1 makes a namespace with its quota and its owner, with the rights that it declares', async () => {
    await sandbox('anna', { owner: 'anna@example.com' });
    const { namespace, expires } = await ready('anna');
    expect(namespace).to.equal('sandbox-anna');
    const { metadata } = await get('sandbox', 'anna');
    expect(
      Date.parse(expires) - Date.parse((metadata as { creationTimestamp?: string }).creationTimestamp ?? ''),
    ).to.equal(24 * HOUR_MS);
    const quota = await get('quota', 'sandbox', '-n', namespace);
    expect(quota).to.have.nested.property('spec.hard').that.deep.equals({
      'requests.cpu': '4',
      'requests.memory': '8Gi',
    });
    const { stdout } = await cluster.kubectl([
      'auth',
      'can-i',
      'create',
      'deployments',
      '--as=anna@example.com',
      '-n',
      namespace,
    ]);
    expect(stdout.trim()).to.equal('yes');
  });

  it('B-FRM-1 puts right what somebody changed or deleted, and follows an edit', async () => {
    await cluster.kubectl(['delete', 'quota', 'sandbox', '-n', 'sandbox-anna']);
    await waitFor('the quota', () => get('quota', 'sandbox', '-n', 'sandbox-anna'));
    await sandbox('anna', { owner: 'anna@example.com', cpu: 8 });
    await waitFor('the new quota', async () => {
      const { spec } = await get('quota', 'sandbox', '-n', 'sandbox-anna');
      return (spec as { hard: Record<string, string> }).hard['requests.cpu'] === '8' ? true : undefined;
    });
  });

  it('B-FRM-2 never takes over what belongs to somebody else', async () => {
    await cluster.kubectl(['create', 'namespace', 'sandbox-prod']);
    await sandbox('prod', { owner: 'mallory' });
    const tried = /reconcile_errors_total\{controller="sandbox"\} [1-9]/;
    await waitFor('a refusal', async () => (tried.test(await metrics()) ? true : undefined));
    const { metadata } = await get('namespace', 'sandbox-prod');
    expect(metadata).not.to.have.property('ownerReferences');
    await cluster.kubectl(['delete', 'sandbox', 'prod']);
    await cluster.kubectl(['get', 'namespace', 'sandbox-prod']);
  });

  it('B-API-3 is refused what its schema does not allow', async () => {
    const { stderr } = await cluster.kubectl(['apply', '-f', '-'], {
      input: JSON.stringify({
        apiVersion: apiVersionOf(Sandbox),
        kind: 'Sandbox',
        metadata: { name: 'x' },
        spec: { owner: 'x', cpu: 'lots' },
      }),
      allowFailure: true,
    });
    expect(stderr).to.contain('spec.cpu: Invalid value').and.to.contain('must be a quantity such as 500m, 2 or 1Gi');
  });

  it('B-FRM-1 ends when its time is up, with all that it owned', async () => {
    now = () => Date.now() + 25 * HOUR_MS;
    const { metadata: sandboxed } = await get('sandbox', 'anna');
    await cluster.kubectl(['annotate', 'sandbox', 'anna', 'look=again']);
    await gone('sandbox', 'anna');
    // Kubernetes' garbage collector takes half a minute to hear of a new kind; that it will act is in the references.
    for (const what of [
      ['namespace', 'sandbox-anna'],
      ['quota', 'sandbox', '-n', 'sandbox-anna'],
    ]) {
      const { metadata } = await get(...what);
      const [owner, ...others] = (metadata as { ownerReferences?: object[] }).ownerReferences ?? [];
      expect(owner).to.include({ kind: 'Sandbox', uid: (sandboxed as { uid?: string }).uid, controller: true });
      expect(others).to.deep.equal([]);
    }
  });
});
