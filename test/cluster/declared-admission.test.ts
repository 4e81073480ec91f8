import {
  createClient,
  createDeclaredOperator,
  loadClusterConfig,
  silentLogger,
  type Manager,
} from '@optipod/operator/runtime';
import { createDeclaredWebhook } from '@optipod/webhook/server';
import { App } from 'cdk8s';
import { expect } from 'chai';
import { Operator } from 'optipod/install';
import { apiVersionOf, defineAdmission, defineOperator, invalid, reviewOf, use } from 'optipod/kube';
import { type Manifest, type Cluster, install, kubeconfigOf, startCluster, waitFor } from 'optipod/testing';
import { parseAllDocuments } from 'yaml';
import { Sandbox } from '../../examples/08-second-operator/sandbox.js';

const bySchema = reviewOf(Sandbox);

/** A sandbox for each owner, no more. */
const oneEach = defineAdmission(Sandbox, {
  name: 'sandboxes.demo.example.com',
  type: 'validating',
  path: '/validate',
  operations: ['CREATE'],
  failurePolicy: 'Fail',
  timeoutSeconds: 5,
  uses: { sandboxes: use(Sandbox, ['watch']) },
  review: (request, { sandboxes }) => {
    const owner = request.object?.spec.owner;
    const other = sandboxes.list().find(({ spec }) => spec.owner === owner);
    if (!other) return bySchema(request);
    const message = `${JSON.stringify(owner)}: has the sandbox ${other.metadata.name} already`;
    return invalid(request, [{ path: 'spec.owner', value: owner, message, reason: 'FieldValueInvalid' }]);
  },
});
const operator = defineOperator({ name: 'one-each', resources: [Sandbox], admission: [oneEach] });

describe('a declared admission handler', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  const stops: (() => Promise<void>)[] = [];

  async function run(account: string, start: (client: ReturnType<typeof createClient>) => Manager): Promise<void> {
    const kubeconfig = await kubeconfigOf(cluster, { namespace: operator.name, name: account });
    const manager = start(createClient(await loadClusterConfig({ kubeconfig })));
    const end = new AbortController();
    const ended = manager.run(end.signal);
    stops.push(() => (end.abort(), ended));
  }

  const sandbox = (name: string, owner: string) =>
    cluster.kubectl(['create', '-f', '-'], {
      input: JSON.stringify({
        apiVersion: apiVersionOf(Sandbox),
        kind: 'Sandbox',
        metadata: { name },
        spec: { owner },
      }),
      allowFailure: true,
    });

  before(async () => {
    cluster = await startCluster({ name: 'declared-admission' });
    const app = new App();
    new Operator(app, 'one-each', operator, {
      image: 'registry.example.com/one-each:1',
      admission: { command: ['npx', 'optipod-webhook', 'one-each.js'] },
    });
    const manifests = parseAllDocuments(app.synthYaml()).map((document) => document.toJS() as Manifest);
    await install(cluster, manifests);
    const names = { keeper: 'one-each', server: 'one-each-webhook' };
    await run(names.keeper, (client) =>
      createDeclaredOperator(operator, { client, log: silentLogger, dnsNames: ['localhost'] }),
    );
    let port: number | undefined;
    await run(names.server, (client) => {
      const { manager, server } = createDeclaredWebhook(operator, {
        client,
        log: silentLogger,
        server: { port: 0, host: '127.0.0.1' },
      });
      void waitFor('the port', () => (port = server.port)).catch(() => undefined);
      return manager;
    });
    await waitFor('the webhook', () => port);
    const url = `https://localhost:${port}/validate`;
    await cluster.kubectl([
      'patch',
      'validatingwebhookconfiguration',
      names.server,
      '--type=json',
      `--patch=${JSON.stringify([
        { op: 'remove', path: '/webhooks/0/clientConfig/service' },
        { op: 'add', path: '/webhooks/0/clientConfig/url', value: url },
      ])}`,
    ]);
  });

  after(async () => {
    for (const stop of stops.toReversed()) await stop();
    await cluster.stop();
  });

  it('B-FRM-1 decides from what it declares, with its rights, its certificate and its configuration', async () => {
    await waitFor('the first sandbox', async () => {
      const { stderr } = await sandbox('anna', 'anna@example.com');
      if (stderr !== '') throw new Error(stderr);
      return true;
    });
    const { stderr } = await sandbox('again', 'anna@example.com');
    expect(stderr).to.contain('spec.owner: "anna@example.com": has the sandbox anna already');
    expect((await sandbox('ben', 'ben@example.com')).stderr).to.equal('');
  });
});
