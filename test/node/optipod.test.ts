import { expect } from 'chai';
import type { KubeObject, WorkloadObject } from 'optipod/kube';
import { deployment, policy } from '../demo/objects.js';
import { usageAt } from '../demo/recompute.js';
import { compare } from '../demo/report.js';
import { gitopsGuide } from '../documents/commands.js';
import { Terminal } from '../documents/terminal.js';
import { sharedCluster, waitFor } from '../kit/index.js';
import { Shop, requestsOf, type RunningPod } from './shop.js';

const SYSTEM = 'optipod-system';
const OPERATOR_PODS = 'app.kubernetes.io/name=optipod';
const WEBHOOK_PODS = 'app.kubernetes.io/name=optipod-webhook';
const own = deployment.spec.template.spec.containers[0]?.resources.requests;

describe('OptiPod on a real node', function () {
  this.timeout(240_000);
  let shop: Shop;
  let installed = false;

  before(async () => {
    shop = new Shop(await sharedCluster('node'));
    // Usage takes a minute to come; the rest is shown meanwhile.
    await shop.open();
    await shop.loadImage();
    const { stdout } = await shop.cluster.kubectl(['get', 'crd', '-o', 'name']);
    expect(stdout).not.to.contain('optipod');
  });

  after(async () => {
    if (!installed) return;
    await shop.cluster.kubectl(['delete', 'namespace', 'shop', '--wait=false']);
    const gone = ['delete', '--wait=false', '--ignore-not-found', '-f', '-'];
    await shop.cluster.kubectl(gone, { input: shop.manifests });
  });

  const kubectl = async (...args: string[]) => (await shop.cluster.kubectl(args)).stdout;

  describe('installed from its own manifests', () => {
    it('B-INS-1 in one go, into a cluster that has nothing of it', async () => {
      installed = true;
      const lines = (await shop.apply(shop.manifests)).trim().split('\n');
      expect(lines.filter((line) => !line.endsWith('serverside-applied'))).to.deep.equal([]);
      await shop.govern();
      for (const name of ['optipod', 'optipod-webhook']) await shop.rolledOut(name);
    });

    it('B-INS-4 the restricted Pod Security Standard is enforced, and every pod runs under it', async () => {
      const { metadata } = await shop.get<KubeObject>(`namespace/${SYSTEM}`);
      expect(metadata.labels).to.include({ 'pod-security.kubernetes.io/enforce': 'restricted' });
      const { items } = await shop.get<{ items: RunningPod[] }>('pods', SYSTEM);
      expect(items).to.have.length(4);
      for (const { status } of items) expect(isReady(status)).to.equal(true);
      expect(await kubectl('get', 'events', '-n', SYSTEM, '--field-selector', 'reason=FailedCreate')).to.equal('');
    });

    for (const name of ['optipod', 'optipod-webhook']) {
      it(`B-INS-4 ${name} is nobody, can do nothing, and writes nowhere`, async () => {
        const ask = `const fs = require('node:fs');
          const write = (path) => { try { fs.writeFileSync(path, ''); return 'written'; } catch ({ code }) { return code; } };
          const [, caps] = /CapEff:\\s*(\\S+)/.exec(fs.readFileSync('/proc/self/status', 'utf8'));
          const [, seccomp] = /Seccomp:\\s*(\\d)/.exec(fs.readFileSync('/proc/self/status', 'utf8'));
          console.log(JSON.stringify({ uid: process.getuid(), caps: Number(caps), seccomp, write: ['/x', '/app/x', '/tmp/x'].map(write) }));`;
        const said = await kubectl('exec', '-n', SYSTEM, `deployment/${name}`, '--', 'node', '-e', ask);
        const { write, ...rest } = JSON.parse(said) as { write: string[] };
        expect(rest).to.deep.equal({ uid: 65532, caps: 0, seccomp: '2' });
        expect(write.every((outcome) => ['EROFS', 'ENOENT'].includes(outcome))).to.equal(true);
      });
    }

    it('B-WEB-4 kubectl prints what the webhook has to say about a policy, asked through its Service', async () => {
      const nowhere = { ...policy, metadata: { ...policy.metadata, name: 'nowhere' } };
      const spec = { ...policy.spec, selector: { namespaces: { allow: ['nowhere'] } } };
      const input = JSON.stringify({ ...nowhere, spec });
      const said = await waitFor('a warning', async () => {
        const { stderr } = await shop.cluster.kubectl(['create', '--dry-run=server', '-f', '-'], { input });
        return stderr === '' ? undefined : stderr.trim().split('\n');
      });
      expect(said).to.deep.equal([
        'Warning: the policy matches no workload today: no namespace satisfies the selector',
        'Warning: selector.namespaces.allow names what is not there: nowhere',
      ]);
    });

    it('B-INS-1 applied a second time they change nothing', async () => {
      const before = await versions();
      await shop.apply(shop.manifests);
      expect(await versions()).to.deep.equal(before);
    });

    for (const command of gitopsGuide.filter(({ needs }) => needs === 'node')) {
      it(`B-INS-3 runs as written: ${command.command}`, async () => {
        const terminal = await Terminal.open(shop.cluster, 'default');
        try {
          const { code, stdout, stderr } = await terminal.type(command);
          expect(code, stderr).to.equal(0);
          for (const pattern of command.shows) expect(stdout).to.match(pattern);
        } finally {
          await terminal.close();
        }
      });
    }
  });

  describe('from usage to admission', () => {
    it('B-REC-1 a newborn pod has percentile × factor of what its predecessors used', async () => {
      const first = await shop.pod();
      expect(requestsOf(first)).to.deep.equal(own);
      // Read twice, and once more where the recommendation moved on in between.
      for (let attempt = 1; ; attempt += 1) {
        const before = await shop.recommendation();
        const usage = await usageAt(shop.cluster.prometheusUrl ?? '', before.made);
        const newborn = await shop.newborn();
        const recommended = await shop.recommendation();
        if (recommended.at !== before.at && attempt < 5) continue;
        const { table, differences } = compare({ before: first, usage, recommended, newborn });
        expect(differences, table).to.deep.equal([]);
        return;
      }
    });

    it('B-APP-4 template, revision and running pods stay as they are while recommendations change', async () => {
      const before = { deployment: await shop.deployment(), pod: await shop.pod() };
      const was = await shop.recommendation();
      await shop.govern({ metricsConfig: { ...policy.spec.metricsConfig, safetyFactor: 2 } });
      const now = await shop.recommendation(({ cpu, memory }) => cpu !== was.cpu && memory !== was.memory);
      const after = { deployment: await shop.deployment(), pod: await shop.pod() };
      expect(after.deployment.spec).to.deep.equal(before.deployment.spec);
      expect(revisionOf(after.deployment)).to.equal(revisionOf(before.deployment));
      expect(after.pod.metadata.uid).to.equal(before.pod.metadata.uid);
      expect(after.pod.spec).to.deep.equal(before.pod.spec);
      expect(after.pod.status?.containerStatuses?.map(({ restartCount }) => restartCount)).to.deep.equal([0]);
      const { items } = await shop.get<{ items: KubeObject[] }>('replicasets');
      expect(items).to.have.length(1);
      const { cpu, memory } = await shop.recommendation();
      expect([cpu, memory]).not.to.deep.equal([was.cpu, was.memory]);
      expect(now.at >= was.at).to.equal(true);
    });
  });

  describe('when something of it dies', () => {
    it('B-WEB-1 while the webhook is rolled, every newborn pod has its resources', async () => {
      await kubectl('rollout', 'restart', 'deployment/optipod-webhook', '-n', SYSTEM);
      const done = new AbortController();
      const rolled = shop.rolledOut('optipod-webhook').finally(() => done.abort());
      const born: RunningPod[] = [];
      while (!done.signal.aborted) born.push(await throwaway());
      await rolled;
      // The last of the old ones goes when the new ones are there.
      for (let round = 0; round < 40; round += 1) born.push(await throwaway());
      const missed = born.filter((pod) => requestsOf(pod)?.cpu === own?.cpu).length;
      expect(missed, `of ${String(born.length)}`).to.equal(0);
    });

    it('B-WEB-5 the webhook’s pods are killed: pods start with their own resources or the recommended ones', async () => {
      const killed = kubectl('delete', 'pod', '-n', SYSTEM, '-l', WEBHOOK_PODS, '--grace-period=0', '--force');
      for (let round = 0; round < 3; round += 1) await shop.newborn();
      await killed;
      await shop.rolledOut('optipod-webhook');
      await shop.says('Applying', 'ThroughWebhook');
    });

    it('B-WEB-5 without any webhook pod: pods start as they are, the policy says so, and it recovers', async () => {
      await kubectl('scale', 'deployment/optipod-webhook', '-n', SYSTEM, '--replicas=0');
      const said = await shop.says('Applying', 'WebhookNotReady');
      expect(said).to.match(/^False: no webhook pod is ready/);
      expect((await shop.condition('Ready'))?.status).to.equal('True');
      // One that is going serves on until kube-apiserver has heard of it.
      await kubectl('wait', '--for=delete', 'pod', '-n', SYSTEM, '-l', WEBHOOK_PODS, '--timeout=60s');
      expect(requestsOf(await shop.newborn())).to.deep.equal(own);

      await kubectl('scale', 'deployment/optipod-webhook', '-n', SYSTEM, '--replicas=2');
      expect(await shop.says('Applying', 'ThroughWebhook')).to.match(/^True: /);
      await shop.rolledOut('optipod-webhook');
      const { cpu, memory } = await shop.recommendation();
      const requests = requestsOf(await shop.newborn());
      const meanwhile = await shop.recommendation();
      expect([
        { cpu, memory },
        { cpu: meanwhile.cpu, memory: meanwhile.memory },
      ]).to.deep.include(requests);
    });

    it('B-FRM-2 the operator’s pod is killed: another goes on where it was', async () => {
      const before = await shop.deployment();
      const killed = Date.now();
      await kubectl('delete', 'pod', '-n', SYSTEM, '-l', OPERATOR_PODS, '--grace-period=0', '--force');
      await shop.rolledOut('optipod');
      await waitFor('the next pass', async () => ((await shop.lastReconciliation()) > killed ? true : undefined));
      expect((await shop.condition('Ready'))?.status).to.equal('True');
      const after = await shop.deployment();
      expect(after.spec).to.deep.equal(before.spec);
      // When something was last applied may be told by now.
      expect(Object.keys(after.metadata.annotations ?? {})).to.include.members(
        Object.keys(before.metadata.annotations ?? {}),
      );
    });
  });

  /** A pod of the shop's Deployment as it would be created: admission has its word, nothing is stored. */
  async function throwaway(): Promise<RunningPod> {
    const { items } = await shop.get<{ items: KubeObject[] }>('replicasets');
    const [{ metadata } = { metadata: { name: '', uid: '' } }] = items;
    const { apiVersion, kind } = { apiVersion: 'apps/v1', kind: 'ReplicaSet' };
    const ownerReferences = [{ apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true }];
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { generateName: 'throwaway-', namespace: 'shop', ownerReferences },
      spec: deployment.spec.template.spec,
    };
    const args = ['create', '--dry-run=server', '-o', 'json', '-f', '-'];
    return JSON.parse((await shop.cluster.kubectl(args, { input: JSON.stringify(pod) })).stdout) as RunningPod;
  }

  /** Of everything that is installed; what controllers write into status does not count. */
  async function versions(): Promise<Record<string, string>> {
    const args = ['get', '-o', 'json', '-f', '-'];
    const { stdout } = await shop.cluster.kubectl(args, { input: shop.manifests });
    const { items } = JSON.parse(stdout) as { items: KubeObject[] };
    return Object.fromEntries(
      items.map(({ kind = '', metadata: { name, generation, resourceVersion } }) => [
        `${kind} ${name}`,
        kind === 'Deployment' ? `generation ${String(generation)}` : resourceVersion,
      ]),
    );
  }
});

function isReady(status: RunningPod['status']): boolean {
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
}

function revisionOf({ metadata }: WorkloadObject): string | undefined {
  return metadata.annotations?.['deployment.kubernetes.io/revision'];
}
