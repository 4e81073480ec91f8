import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import type { Condition } from 'optipod/kube';
import { treeAt } from '../../documents/tree.js';
import { waitFor } from '../../kit/index.js';
import { optipod } from '../../support/command.js';
import { OWN_NAMESPACE, useInstallation } from './installation.js';
import { deployment, namespace, policy, type Name } from './objects.js';

/** The commands that the page tells whoever is in a hurry, in their order. */
const [STOP = [], RESUME = []] = [
  ...readFileSync(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8').matchAll(
    /^ {4}kubectl (annotate namespace .*)$/gm,
  ),
].map(([, words = '']) => words.split(' '));

describe('the stop for everything', function () {
  this.timeout(120_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  const web: Name = 'Deployment/stopped/web';
  const POLICY: Name = 'OptimizationPolicy/stopped/web';

  before(() =>
    objects().create(
      namespace('stopped', { labels: { 'optipod.io/webhook': 'enabled' } }),
      deployment('stopped', 'web'),
      policy('stopped', 'web', {
        mode: 'Auto',
        updateStrategy: { rolloutStrategy: 'immediate', allowInPlaceResize: true },
      }),
    ),
  );

  const injected = () => objects().saying(web, 'injected', (said) => said['cpu-request.app'] === '240m');
  const onlyTold = () =>
    objects().saying(
      web,
      'told and not injected',
      (said) =>
        said['recommendation.app.cpu-request'] === '240m' &&
        !('cpu-request.app' in said || 'strategy' in said || 'webhook-enabled' in said),
    );

  const applied = (reason: string): Promise<Condition> =>
    waitFor(`the recommendation to say ${reason}`, async () => {
      const object = await objects().get('WorkloadRecommendation/stopped/deployment-web');
      const conditions = treeAt(object, 'status.conditions') as Condition[];
      return conditions.find((one) => one.type === 'Applied' && one.reason === reason);
    });

  const template = async () => JSON.stringify(treeAt(await objects().get(web), 'spec.template'));

  it('B-APP-10 is one documented command: what was injected goes, and no template changes', async () => {
    const before = await template();
    await injected();
    await installation().cluster.kubectl(STOP);
    await onlyTold();
    const { status, message } = await objects().condition(POLICY, 'Applying', 'Paused');
    expect(status).to.equal('False');
    expect(message).to.contain('optipod.io/paused on the namespace optipod-system');
    const { message: would } = await applied('Paused');
    expect(would).to.contain(
      'would give new pods what is recommended, resize running pods in place and restart what cannot be resized',
    );
    expect(await template()).to.equal(before);
  });

  it('B-APP-10 holds over a restart of the operator, and a pass', async () => {
    await installation().stopOperator();
    await installation().startOperator();
    await objects().evaluate(POLICY);
    await onlyTold();
  });

  it('B-APP-10 ends by one documented command', async () => {
    await installation().cluster.kubectl(RESUME);
    await injected();
    await objects().settled(POLICY, ({ conditions }) => conditions.every(({ reason }) => reason !== 'Paused'));
  });

  it('B-OBS-4 optipod pause and optipod resume do the same, twice as well as once', async () => {
    const { kubeconfig } = installation().cluster;
    // The operator runs in this process; of one in a pod there is this.
    await objects().create(deployment(OWN_NAMESPACE, 'optipod'));
    const run = (command: string) => optipod([command, '--kubeconfig', kubeconfig]);
    for (let time = 0; time < 2; time++) {
      expect(await run('pause')).to.include({ code: 0, stderr: '' });
      await onlyTold();
    }
    for (let time = 0; time < 2; time++) {
      expect(await run('resume')).to.include({ code: 0, stderr: '' });
      await injected();
    }
    const nowhere = await optipod(['pause', '--kubeconfig', kubeconfig, '--namespace', 'nowhere']);
    expect(nowhere).to.include({ code: 2, stdout: '' });
    expect(nowhere.stderr).to.match(/^optipod: OptiPod does not run in the namespace "nowhere"/);
  });

  it('B-APP-1 a dry run only recommends, and shows what it would do', async () => {
    const before = await template();
    await installation().stopOperator();
    await installation().startOperator({ OPTIPOD_DRY_RUN: 'true' });
    try {
      await onlyTold();
      const { message } = await applied('DryRun');
      expect(message).to.contain('would give new pods what is recommended');
      await objects().condition(POLICY, 'Applying', 'DryRun');
      expect(await template()).to.equal(before);
    } finally {
      await installation().stopOperator();
      await installation().startOperator();
    }
    await injected();
  });
});
