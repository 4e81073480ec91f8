import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { manifestsYaml } from '../../constructs/install.js';
import { NAMES, optipod } from '../../lib/optipod/index.js';
import { admissionUses, controllersUses, type Use } from '../../lib/kube/index.js';
import { startCluster, waitFor, type Cluster } from '../kit/index.js';

const MANIFESTS = join(import.meta.dirname, '../../manifests');

interface Listed {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly resourceVersion: string };
  readonly spec?: { readonly template?: { readonly metadata: object; readonly spec: object } };
}

describe('manifests/ in an empty cluster', function () {
  this.timeout(180_000);
  let cluster: Cluster;

  before(async () => {
    // One of its own: a shared one is not empty.
    cluster = await startCluster({ name: 'manifests' });
  });

  after(() => cluster.stop());

  const apply = () => cluster.kubectl(['apply', '--server-side', '-f', MANIFESTS]);

  async function objects(): Promise<Listed[]> {
    const { stdout } = await cluster.kubectl(['get', '-f', MANIFESTS, '-o', 'json']);
    return (JSON.parse(stdout) as { items: Listed[] }).items;
  }

  async function versions(): Promise<Record<string, string>> {
    const listed = await objects();
    return Object.fromEntries(
      listed.map(({ kind, metadata }) => [`${kind} ${metadata.name}`, metadata.resourceVersion]),
    );
  }

  it('are applied in one go', async () => {
    const { stdout, stderr } = await apply();
    const lines = stdout.trim().split('\n');
    expect(lines.filter((line) => !line.endsWith(' serverside-applied'))).to.deep.equal([]);
    expect(lines).to.have.length((await objects()).length);
    expect(stderr).to.equal('');
  });

  it('B-OPR-4 are taken as well with files from Secrets and ConfigMaps', async () => {
    const prometheusToken = { secret: 'prometheus', key: 'token' };
    const input = manifestsYaml({
      operatorFiles: { prometheusToken, customCaFile: { configMap: 'ca', key: 'ca.crt' } },
    });
    const apply = ['apply', '--server-side', '--dry-run=server', '--force-conflicts', '-f', '-'];
    const { stdout, stderr } = await cluster.kubectl(apply, { input });
    expect(stdout).to.include('deployment.apps/optipod serverside-applied (server dry run)');
    expect(stderr).to.equal('');
  });

  it('change nothing when they are applied again', async () => {
    // Controllers write the status of what is new.
    const before = await waitFor('the controllers to be done', async () => {
      const one = await versions();
      await pause(1_500);
      const other = await versions();
      return JSON.stringify(one) === JSON.stringify(other) ? one : undefined;
    });
    await apply();
    expect(await versions()).to.deep.equal(before);
  });

  it('have pods that the restricted Pod Security Standard admits', async () => {
    const templates = (await objects()).flatMap(({ spec }) => spec?.template ?? []);
    expect(templates).to.have.length(2);
    for (const [index, { metadata, spec }] of templates.entries()) {
      const { stderr } = await createPod({ metadata: { ...metadata, name: `pod-${index}` }, spec });
      expect(stderr).to.equal('');
    }
    const careless = { metadata: { name: 'careless' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    const refused = await createPod(careless);
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.contain('violates PodSecurity "restricted:latest"');
  });

  function createPod(pod: { metadata: object; spec: object }) {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', ...pod });
    const args = ['create', '--dry-run=server', '-n', 'optipod-system', '-f', '-'];
    return cluster.kubectl(args, { input, allowFailure: true });
  }

  const certificate = { keepsCertificate: true, certificateSecret: NAMES.certificateSecret };
  for (const [account, uses] of [
    ['optipod', controllersUses(optipod, certificate)],
    ['optipod-webhook', admissionUses(optipod, certificate)],
  ] as const) {
    it(`give ${account} every right that is declared, and not what lies beside it`, async () => {
      const reviews = [...uses.flatMap(declared), ...UNDECLARED.map((attributes) => ({ attributes, allowed: false }))];
      const answers = await review(
        account,
        reviews.map(({ attributes }) => attributes),
      );
      expect(reviews.map(({ attributes }, index) => ({ attributes, allowed: answers[index] }))).to.deep.equal(reviews);
    });
  }

  it('B-INS-1 leave nothing behind when they are deleted', async () => {
    await cluster.kubectl(['delete', '--wait', '--timeout=60s', '-f', MANIFESTS]);
    const kinds = ['ns', 'crd', 'clusterrole', 'clusterrolebinding', 'mutatingwebhookconfiguration'];
    const every = [...kinds, 'validatingwebhookconfiguration'].join(',');
    const { stdout } = await cluster.kubectl(['get', every, '-o=name']);
    expect(stdout).to.contain('clusterrole.rbac.authorization.k8s.io/cluster-admin').and.not.to.contain('optipod');
  });

  /** Asks the cluster's own authorizer; its answers, in the order of the questions. */
  async function review(account: string, asked: readonly Attributes[]): Promise<boolean[]> {
    const user = `system:serviceaccount:optipod-system:${account}`;
    const groups = ['system:serviceaccounts', 'system:serviceaccounts:optipod-system', 'system:authenticated'];
    const items = asked.map((resourceAttributes) => ({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: { user, groups, resourceAttributes },
    }));
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const output = 'jsonpath={.status.allowed}{"\\n"}';
    const { stdout } = await cluster.kubectl(['create', '-o', output, '-f', '-'], { input });
    return stdout
      .trim()
      .split('\n')
      .map((answer) => answer === 'true');
  }
});

interface Attributes {
  readonly verb: string;
  readonly group?: string;
  readonly version?: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** What neither process has any business with. */
const UNDECLARED: readonly Attributes[] = [
  { verb: 'get', resource: 'secrets', namespace: 'optipod-system', name: 'another' },
  { verb: 'get', resource: 'secrets', namespace: 'default', name: 'optipod-webhook-tls' },
  { verb: 'list', resource: 'secrets', namespace: 'optipod-system' },
  { verb: 'delete', resource: 'pods', namespace: 'default', name: 'web' },
  { verb: 'delete', group: 'apps', resource: 'deployments', namespace: 'default', name: 'web' },
  { verb: 'update', group: 'apps', resource: 'deployments', namespace: 'default', name: 'web' },
  { verb: 'patch', group: 'optipod.io', resource: 'optimizationpolicies', namespace: 'default', name: 'web' },
];

function declared({ kind, verbs, subresource, names, ownNamespace }: Use): { attributes: Attributes; allowed: true }[] {
  const expanded = verbs.flatMap((verb): string[] => (verb === 'watch' ? ['list', 'watch'] : [verb]));
  return expanded.flatMap((verb) =>
    (verb === 'create' || names === undefined ? [undefined] : names).map((name) => ({
      attributes: {
        verb,
        ...(kind.group === '' ? {} : { group: kind.group }),
        resource: kind.plural,
        ...(subresource === undefined ? {} : { subresource }),
        ...(kind.scope === 'Cluster' ? {} : { namespace: ownNamespace === true ? 'optipod-system' : 'default' }),
        ...(name === undefined ? {} : { name }),
      },
      allowed: true,
    })),
  );
}
