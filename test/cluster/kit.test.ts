import { expect } from 'chai';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canIsolate } from '../kit/namespaces.js';
import { established, install, prepare, sharedCluster, startCluster, waitFor } from '../kit/index.js';

describe('the kit’s control plane', function () {
  this.timeout(180_000);

  it('answers kubectl', async () => {
    const cluster = await sharedCluster('control-plane');
    const { stdout } = await cluster.kubectl(['get', 'namespace', 'default', '-o', 'jsonpath={.status.phase}']);
    expect(stdout).to.equal('Active');
  });

  it('says what kubectl said when it fails', async () => {
    const cluster = await sharedCluster('control-plane');
    const { code, stderr } = await cluster.kubectl(['get', 'namespace', 'none'], { allowFailure: true });
    expect(code).to.equal(1);
    expect(stderr).to.contain('"none" not found');
  });

  it('runs its controllers: a Deployment gets its ReplicaSet and pods', async () => {
    const cluster = await sharedCluster('control-plane');
    await cluster.kubectl(['create', 'namespace', 'kit-controllers']);
    await cluster.kubectl(['create', 'deployment', 'web', '--image=web', '--replicas=2', '-n', 'kit-controllers']);
    await waitFor('two pods', async () => {
      const { stdout } = await cluster.kubectl(['get', 'pods', '-n', 'kit-controllers', '-o', 'name']);
      return stdout.trim().split('\n').length === 2 ? true : undefined;
    });
    await cluster.kubectl(['delete', 'namespace', 'kit-controllers', '--wait=false']);
  });

  it('waits for a kind to be served whose definition is not there yet', async () => {
    const cluster = await sharedCluster('control-plane');
    const served = established(cluster, 'crd/laters.kit.example');
    const schema = { openAPIV3Schema: { type: 'object' } };
    const definition = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'laters.kit.example' },
      spec: {
        group: 'kit.example',
        scope: 'Namespaced',
        names: { plural: 'laters', singular: 'later', kind: 'Later', listKind: 'LaterList' },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    };
    await cluster.kubectl(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(definition) });
    await served;
    await cluster.kubectl(['get', '--raw', '/apis/kit.example/v1/namespaces/default/laters']);
    await cluster.kubectl(['delete', 'crd/laters.kit.example']);
  });

  it('installs what is written as it is: words that kubectl takes for booleans, in quotes, stay words', async () => {
    const cluster = await sharedCluster('control-plane');
    const data = { mode: 'Off', answer: 'no', number: '1e3', time: '12:30:45' };
    const lines = Object.entries(data).map(([key, value]) => `  ${key}: "${value}"`);
    const metadata = 'metadata: { name: kit-words, namespace: default }';
    await install(cluster, ['apiVersion: v1', 'kind: ConfigMap', metadata, 'data:', ...lines].join('\n'));
    const { stdout } = await cluster.kubectl(['get', 'configmap', 'kit-words', '-o', 'jsonpath={.data}']);
    expect(JSON.parse(stdout)).to.deep.equal(data);
    await cluster.kubectl(['delete', 'configmap', 'kit-words']);
  });

  it('runs a second one beside it, with an audit log, and stops it leaving nothing', async () => {
    const [first, second] = await Promise.all([
      sharedCluster('control-plane'),
      startCluster({ name: 'second', audit: true, apiserverFlags: ['--service-cluster-ip-range=10.9.0.0/24'] }),
    ]);
    try {
      expect(second.server).not.to.equal(first.server);
      await second.kubectl(['create', 'namespace', 'only-here']);
      expect((await first.kubectl(['get', 'namespace', 'only-here'], { allowFailure: true })).code).to.equal(1);
      const { stdout } = await second.kubectl(['get', 'service', 'kubernetes', '-o', 'jsonpath={.spec.clusterIP}']);
      expect(stdout).to.equal('10.9.0.1');
      const entries = auditEntries(second.auditLog).filter(
        ({ verb, objectRef }) => verb === 'create' && objectRef?.name === 'only-here',
      );
      expect(entries.map(({ user }) => user.username)).to.deep.equal(['kubernetes-admin']);
      expect(await second.logs()).to.contain('--- kube-apiserver.log');
      expect(processesNaming(second.folder)).to.have.length.greaterThan(3);
    } finally {
      await second.stop();
    }
    await second.stop();
    expect(existsSync(second.folder)).to.equal(false);
    expect(processesNaming(second.folder)).to.deep.equal([]);
    await first.kubectl(['get', '--raw', '/readyz']);
  });

  it('says which program failed, and why, and leaves nothing', async () => {
    let message = '';
    try {
      await startCluster({ name: 'broken', apiserverFlags: ['--no-such-flag'] });
    } catch (error) {
      message = String(error);
    }
    expect(message).to.contain('kube-apiserver exited with 1').and.to.contain('unknown flag: --no-such-flag');
    expect(processesNaming(join('clusters', 'broken'))).to.deep.equal([]);
  });

  describe('when its owner is killed', () => {
    const state = mkdtempSync(join(tmpdir(), 'kit-state-'));
    const folder = join(state, 'optipod-kit', 'runs', 'killed');
    after(() => rmSync(state, { recursive: true, force: true }));

    /** A process that is in no run and sees no other runs but its own. */
    const owner = (what: string): ChildProcess => {
      const env: NodeJS.ProcessEnv = { ...process.env, XDG_STATE_HOME: state };
      delete env.OPTIPOD_KIT_RUN;
      const script = join(import.meta.dirname, '..', 'kit', 'fixtures', 'owner.ts');
      return spawn(process.execPath, ['--import=tsx', script, what], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    };

    before(function () {
      if (!canIsolate()) this.skip();
      return prepare('control-plane');
    });

    for (const attempt of ['once', 'and again, starting where the first was killed']) {
      it(`everything ends with it, ${attempt}`, async () => {
        const process = owner('run');
        const [line] = (await once(process.stdout ?? process, 'data')) as [Buffer];
        expect(line.toString()).to.contain('ready');
        expect(processesNaming(folder)).to.have.length.greaterThan(3);
        process.kill('SIGKILL');
        await waitFor('all processes to end', () => (processesNaming(folder).length === 0 ? true : undefined));
        expect(existsSync(folder), 'the folder is for the next start to remove').to.equal(true);
      });
    }

    it('the next start removes what is left', async () => {
      await once(owner('sweep'), 'exit');
      expect(existsSync(folder)).to.equal(false);
    });
  });
});

interface AuditEntry {
  verb: string;
  user: { username: string };
  objectRef?: { name?: string };
}

function auditEntries(file: string | undefined): AuditEntry[] {
  if (file === undefined) throw new Error('there is no audit log');
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as AuditEntry);
}

/** Ids of living processes whose command line contains `text`. */
function processesNaming(text: string): string[] {
  return readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name) || name === String(process.pid)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}
