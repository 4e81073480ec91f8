import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';
import { HISTORY_LABEL } from 'optipod/lib/optipod';
import { waitFor } from '../../kit/index.js';
import { patience } from '../../kit/wait.js';
import { isGuarded, isWrite } from '../../support/audit.js';
import { startOptipod } from '../../support/optipod-process.js';
import { isTree, treeAt, type Tree } from '../../documents/tree.js';
import { OWN_NAMESPACE, useInstallation } from '../operator/installation.js';
import { deployment, namespace, policy } from '../operator/objects.js';

const soak = process.env.OPTIPOD_TRIES !== undefined;
/** In npm test each write is a fault point, in turn before and after it; in the soak run each call is, before and after. */
const MOMENTS = ['before', 'after'] as const;

const NAMESPACE = 'killed';
const SECRET = `/api/v1/namespaces/${OWN_NAMESPACE}/secrets/optipod-webhook-tls`;
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/optipod-webhook';

describe("the operator's reconciliations, killed", function () {
  this.timeout(60_000);
  // Comes before the installation's own end.
  after(() => installation().startOperator());
  const installation = useInstallation();
  const objects = () => installation().objects;
  const log = () => join(installation().cluster.folder, 'calls.log');

  before(async () => {
    // What suites that are over left would be worked on in between, at every start.
    await installation().cluster.kubectl(['delete', 'optimizationpolicies', '--all', '--all-namespaces']);
    await takenBack();
    await installation().stopOperator();
    const labelled = ['configmaps', '--namespace', OWN_NAMESPACE, '--selector', HISTORY_LABEL];
    await installation().cluster.kubectl(['delete', ...labelled]);
    await objects().create(namespace(NAMESPACE));
  });

  /** Of workloads that no policy is about, what was recommended is gone; the last of them is written to a moment later. */
  async function takenBack(): Promise<void> {
    await waitFor('what was recommended to be taken back', async () => {
      const { items } = await objects().api.get('/apis/optipod.io/v1alpha1/workloadrecommendations');
      const left = (items as Tree[]).filter((told) => treeAt(told, 'status.summary.state') !== 'Released');
      return left.length === 0 ? true : undefined;
    });
    await pause(3000);
  }

  /** Nothing of OptiPod's is there yet but what was installed. */
  async function begin(): Promise<void> {
    const { api } = objects();
    for (const name of ['Deployment/killed/web', 'OptimizationPolicy/killed/killed'] as const)
      await objects()
        .remove(name)
        .catch(() => undefined);
    await api.ask('DELETE', SECRET);
    const { webhooks } = await api.get(WEBHOOKS);
    const bundles = (webhooks as unknown[]).map((_, index) => `/webhooks/${index}/clientConfig/caBundle`);
    for (const path of bundles)
      await api.ask('PATCH', WEBHOOKS, [{ op: 'remove', path }], 'application/json-patch+json');
    await objects().create(
      deployment(NAMESPACE, 'web'),
      policy(NAMESPACE, 'killed', { mode: 'Auto', updateStrategy: { strategy: 'webhook' } }),
    );
    writeFileSync(log(), '');
  }

  /** What there is in the end, without what tells when, or by which chance. */
  async function state(): Promise<Tree> {
    const { api } = objects();
    const said = Object.entries(await objects().said('Deployment/killed/web')).filter(
      ([key]) => !/last-|uid/.test(key),
    );
    const {
      lastReconciliation: _,
      conditions = [],
      ...status
    } = await objects().status('OptimizationPolicy/killed/killed');
    const secret = (await api.ask('GET', SECRET)).body;
    const { webhooks } = await api.get(WEBHOOKS);
    const authorities = treeAt(secret, 'data.ca\\.crt') ?? (isTree(secret.data) ? secret.data['ca.crt'] : undefined);
    return {
      said: Object.fromEntries(said),
      status,
      conditions: conditions.map(({ type, status: is, reason }) => `${type} ${is} ${reason}`).sort(),
      certificate: isTree(secret.data) ? Object.keys(secret.data).sort() : [],
      isTrusted: (webhooks as Tree[]).map((webhook) => treeAt(webhook, 'clientConfig.caBundle') === authorities),
    };
  }

  const start = (killAt = '') =>
    startOptipod('operator', {
      ...installation().settings,
      KUBECONFIG: installation().kubeconfig,
      OPTIPOD_HEALTH_PORT: '0',
      // Its calls are the election's, and proven with it; waiting for leases would be all this test does.
      OPTIPOD_LEADER_ELECT: 'false',
      NODE_OPTIONS: `--import tsx --import ${join(import.meta.dirname, '../../support/kill-at.ts')}`,
      KILL_AT: killAt,
      KILL_LOG: log(),
      KILL_SERVER: installation().cluster.server,
    });

  const calls = () => readFileSync(log(), 'utf8').split('\n').filter(Boolean);

  const calling = () => waitFor('the first call', () => (calls().length > 0 ? true : undefined), { timeoutMs: 30_000 });

  /** Waits until there is what was wanted. */
  async function reaches(wanted: Tree, what: string): Promise<void> {
    await waitFor(
      what,
      async () => {
        const now = await state();
        expect(now).to.deep.equal(wanted);
        return now;
      },
      { timeoutMs: 30_000 },
    );
  }

  /** Waits until nothing has been called for a while. */
  async function quiet(): Promise<void> {
    for (let before = -1; before !== calls().length;) {
      before = calls().length;
      await pause(2500);
    }
  }

  it('B-FRM-2 kill -9 at any call of the API leads to the same end state', async function () {
    this.timeout(soak ? 1_800_000 : 600_000);
    await begin();
    const undisturbed = await start();
    await calling();
    await quiet();
    undisturbed.child.kill('SIGTERM');
    expect(await undisturbed.exit).to.equal(0);
    const wanted = await state();
    expect(wanted).to.have.nested.property('said.managed');
    expect(wanted.isTrusted).not.to.include(false);
    const points = calls();
    process.stderr.write(
      `      ${points.length} calls: ${points.map((call) => call.replace(/ .*\//, ' …/')).join(', ')}\n`,
    );
    expect(points.length).to.be.greaterThan(4);

    const faults = points.flatMap((call, index) => {
      if (soak) return MOMENTS.map((moment) => ({ call, moment, at: `${index + 1}:${moment}` }));
      const moment = MOMENTS[index % 2] ?? 'before';
      return call.startsWith('GET') ? [] : [{ call, moment, at: `${index + 1}:${moment}` }];
    });
    let killed = 0;
    for (const { call, moment, at } of faults) {
      await begin();
      const dying = await start(at);
      // Where another order of the calls made one of them needless, it goes on to the end.
      const outcome = await Promise.race([dying.exit, pause(15_000 * patience, 'alive')]);
      if (outcome === 'alive') dying.child.kill('SIGKILL');
      else expect(outcome, await dying.stderr).to.equal('SIGKILL');
      if (outcome === 'SIGKILL') killed += 1;
      writeFileSync(log(), '');
      const next = await start();
      try {
        await calling();
        await reaches(wanted, `the end state after a kill ${moment} ${call}`);
      } finally {
        next.child.kill('SIGTERM');
      }
      expect(await next.exit, await next.stderr).to.equal(0);
      expect(await state()).to.deep.equal(wanted);
    }
    rmSync(log());
    expect(killed).to.be.at.least(faults.length - 1);
  });

  it('B-OPR-1 whatever it has on the wire names its object or version, or creates under a fixed name', async () => {
    await begin();
    await installation().startOperator();
    await objects().settled('OptimizationPolicy/killed/killed');
    await waitFor('the certificate', async () =>
      (await objects().api.ask('GET', SECRET)).code === 200 ? true : undefined,
    );
    await waitFor('trust in it', async () =>
      JSON.stringify((await state()).isTrusted).includes('false') ? undefined : true,
    );
    await installation().stopOperator();
    const writes = installation().requests().filter(isWrite);
    expect(writes.map(({ objectRef }) => objectRef?.resource)).to.include.members([
      'deployments',
      'optimizationpolicies',
      'secrets',
      'mutatingwebhookconfigurations',
    ]);
    expect(writes.filter((request) => !isGuarded(request))).to.deep.equal([]);
  });
});
