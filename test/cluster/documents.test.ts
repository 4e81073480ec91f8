import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { writeAnnotations } from '../../lib/api/index.js';
import { Apiserver, collectionOf, installCrds, load, policies } from '../documents/apiserver.js';
import { type Command, crdSpec, gitopsGuide, others } from '../documents/commands.js';
import { type Example, examples } from '../documents/index.js';
import { Terminal } from '../documents/terminal.js';
import { type Tree, differences, isTree, merged, treeAt, treeOf, withValue } from '../documents/tree.js';
import { type Cluster, sharedCluster } from '../kit/index.js';

const folder = join(import.meta.dirname, '..', 'documents');
const manifests = join(import.meta.dirname, '..', '..', 'manifests');
const namespaces = ['production', 'argocd', 'flux-system'];

describe('the documents on a real apiserver', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let api: Apiserver;
  let made: string[];

  before(async () => {
    cluster = await sharedCluster('control-plane');
    api = new Apiserver(cluster);
    await installCrds(cluster);
    await installCrds(cluster, join(folder, 'crds'));
    made = [];
    for (const name of namespaces) {
      const { code } = await api.ask('POST', '/api/v1/namespaces', { metadata: { name } });
      if (code === 201) made.push(name);
    }
  });

  after(async () => {
    // Other tests share this cluster: no policy may stay, and nobody is to meet a namespace that is still going away.
    await cluster.kubectl(['delete', '--ignore-not-found', 'optpol', 'base-policy', 'production-policy']);
    if (made.length > 0) await cluster.kubectl(['delete', 'namespace', ...made]);
    await cluster.kubectl(['delete', '-f', join(folder, 'crds')]);
    await api.close();
  });

  describe('YAML examples', () => {
    it('B-INS-3 every restored example is in the table, once', async () => {
      const files = await readdir(folder, { recursive: true });
      expect(examples.map(({ file }) => file)).to.have.members(files.filter((file) => /^[a-z-]+\/\d\d-/.test(file)));
    });

    for (const example of examples) {
      it(`B-INS-3 ${example.file} is accepted as it stands (${example.heading})`, async () => {
        const { said, whole } = await restored(example);
        if (example.what === 'status of a policy') {
          const path = `${policies()}/base-policy`;
          await api.apply(path, whole, 'document');
          const stored = await api.patch(`${path}/status`, said);
          expect(differences(said, stored), 'lost or changed').to.deep.equal([]);
          return;
        }
        const stored = await api.create(collectionOf(whole), whole, { dryRun: true });
        expect(differences(withValue(said, 'status', undefined), stored), 'lost or changed').to.deep.equal([]);
      });
    }
  });

  describe('commands of the CRD document', () => {
    let terminal: Terminal;

    before(async () => {
      terminal = await Terminal.open(cluster, 'default');
      await api.apply(`${policies()}/base-policy`, await load('base-policy.yaml'), 'document');
    });
    after(() => terminal.close());

    for (const command of crdSpec) {
      runs(command, () => terminal);
      if (command.heading === 'Create a policy') {
        it('B-API-8 the status of its complete example can be written', async () => {
          const { status } = await load('crd-spec/33-complete-example.yaml');
          const stored = await api.patch(`${policies()}/production-policy/status`, { status });
          expect(differences(status, stored.status)).to.deep.equal([]);
        });
      }
    }
  });

  describe('commands of the GitOps guide', () => {
    let terminal: Terminal;

    before(async () => {
      terminal = await Terminal.open(cluster, 'production');
      await deploy();
      await letOptipodWrite();
    });
    after(() => terminal.close());

    for (const command of gitopsGuide) if (command.needs === undefined) runs(command, () => terminal);
  });

  describe('commands of the GitOps guide that need OptiPod installed', () => {
    let terminal: Terminal;
    let wasThere: boolean;

    before(async () => {
      terminal = await Terminal.open(cluster, 'production');
      wasThere =
        (await api.ask('GET', '/apis/apps/v1/namespaces/optipod-system/deployments/optipod-webhook')).code === 200;
      if (!wasThere) await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', manifests]);
    });
    after(async () => {
      await terminal.close();
      if (wasThere) return;
      // Others would wait for a webhook that nobody serves.
      for (const type of ['mutating', 'validating'])
        await cluster.kubectl(['delete', `${type}webhookconfiguration`, 'optipod-webhook']);
      await cluster.kubectl(['delete', '-n', 'optipod-system', 'deployment', '--all']);
    });

    for (const command of gitopsGuide) if (command.needs === 'optipod') runs(command, () => terminal);
  });

  it('B-INS-3 every command is run here, but for other tools and those that need pods that run', () => {
    const left = gitopsGuide.filter(({ needs }) => needs === 'node').map(({ command }) => command);
    expect(left).to.deep.equal(['kubectl logs -n optipod-system deployment/optipod-webhook']);
    expect(others.map(({ command }) => command).join('\n')).not.to.contain('kubectl');
  });

  /** The workloads and policies of the guide, applied as Argo CD would from Git. */
  async function deploy(): Promise<void> {
    const apply = (manager: string, ...files: string[]) =>
      cluster.kubectl([
        'apply',
        '-n',
        'production',
        `--field-manager=${manager}`,
        ...files.flatMap((file) => ['-f', file]),
      ]);
    const file = (name: string) => join(folder, 'gitops-guide', name);
    await apply('argocd-controller', file('08-api-server-deployment.yaml'), file('13-complete-deployment.yaml'));
    await apply('kubectl-client-side-apply', file('04-ssa-policy.yaml'), file('09-production-optimizer.yaml'));
    const whole = (await restored(exampleIn('gitops-guide/12-new-image.yaml'))).whole;
    await cluster.kubectl(['apply', '-n', 'production', '--field-manager=argocd-controller', '-f', '-'], {
      input: JSON.stringify(whole),
    });
  }

  /** What the operator does under either strategy: api-server by the webhook's, web-app by server-side apply. */
  async function letOptipodWrite(): Promise<void> {
    const requests = { cpu: '250m', memory: '512Mi' };
    await annotate('api-server', 'production-optimizer', 'webhook', new Map([['api', { requests }]]));
    const containers = [{ name: 'nginx', resources: { requests } }];
    const web = await applyTo('web-app', 'optipod', { spec: { template: { spec: { containers } } } });
    await annotate('web-app', 'production-workloads', 'ssa', new Map([['nginx', { requests }]]));
    const uid = treeAt(web, 'metadata.uid');
    for (const reason of ['SSAOwnershipTaken', 'SSAConflict']) {
      await api.create('/api/v1/namespaces/production/events', {
        metadata: { generateName: 'web-app.' },
        involvedObject: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'production', name: 'web-app', uid },
        type: 'Warning',
        reason,
        message: 'argocd-controller sets spec.template.spec.containers[nginx].resources.requests',
        source: { component: 'optipod' },
        firstTimestamp: new Date().toISOString(),
        lastTimestamp: new Date().toISOString(),
        count: 1,
      });
    }
  }

  async function annotate(
    name: string,
    policyName: string,
    strategy: 'webhook' | 'ssa',
    containers: Parameters<typeof writeAnnotations>[0]['containers'],
  ): Promise<void> {
    const uid = String(treeAt(await api.get(`${policies('production')}/${policyName}`), 'metadata.uid'));
    const policy = { namespace: 'production', name: policyName, uid };
    const lastRecommendation = '2026-01-28T10:30:00Z';
    const annotations = writeAnnotations({ policy, lastRecommendation, strategy, containers });
    await applyTo(name, 'optipod-metadata', { metadata: { annotations } });
  }

  function applyTo(name: string, manager: string, body: Tree): Promise<Tree> {
    const object = merged({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name } }, body);
    return api.apply(`/apis/apps/v1/namespaces/production/deployments/${name}`, object, manager);
  }
});

function exampleIn(file: string): Example {
  const example = examples.find((candidate) => candidate.file === file);
  if (example === undefined) throw new Error(`no example ${file}`);
  return example;
}

/** What an example says, at its place, and the whole object that says it. */
async function restored({ file, into, insteadOf }: Example) {
  const text = await load(file);
  if (into === undefined) return { said: text, whole: text };
  const said = treeOf(into.at ?? '', text);
  const base = await load(into.file);
  if (!isTree(said)) throw new Error(`${file} holds no object`);
  return { said, whole: merged(insteadOf ? withValue(base, insteadOf, undefined) : base, said) };
}

function runs(command: Command, terminal: () => Terminal): void {
  const name = command.command.replaceAll(/\s*\\\n\s*/g, ' ');
  if (command.now === undefined) {
    it(`B-INS-3 runs as written: ${name}`, async () => {
      const { code, stdout, stderr } = await terminal().type(command);
      expect(code, stderr).to.equal(0);
      for (const pattern of command.shows) expect(stdout).to.match(pattern);
    });
    return;
  }
  const { now } = command;
  it(`B-INS-3 kubectl has changed, this finds nothing any more: ${name}`, async () => {
    expect(await terminal().type(command)).to.deep.equal({ stdout: '', stderr: '', code: 1 });
  });
  it(`B-INS-3 and this is the new way: ${now.replaceAll(/\s*\\\n\s*/g, ' ')}`, async () => {
    const { code, stdout, stderr } = await terminal().type(command, now);
    expect(code, stderr).to.equal(0);
    for (const pattern of command.shows) expect(stdout).to.match(pattern);
  });
}
