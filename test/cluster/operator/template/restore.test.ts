import { expect } from 'chai';
import { treeAt, type Tree } from '../../../documents/tree.js';
import { waitFor } from '../../../kit/index.js';
import { optipod, type Outcome } from '../../../support/command.js';
import { useInstallation } from '../installation.js';
import { Templates, writing } from './templates.js';

describe('optipod restore', function () {
  this.timeout(60_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  let template: Templates;

  const APPLIED = { requests: { cpu: '240m', memory: '240Mi' }, limits: { cpu: '240m', memory: '264Mi' } };
  // It had no limits, and no memory at all.
  const BEFORE = { requests: { cpu: '500m' } };

  const restore = (...args: readonly string[]): Promise<Outcome> =>
    optipod(['restore', ...args], { env: { KUBECONFIG: installation().cluster.kubeconfig } });

  before(async () => {
    template = new Templates(installation(), 'restored');
    const containers: Tree[] = [{ name: 'app', image: 'app:1', resources: BEFORE }];
    await template.create();
    await template.apply('kubectl', {
      ...(await withoutStatus()),
      spec: { ...((await withoutStatus()).spec as Tree), template: podsOf(containers) },
    });
    await objects().create(writing('restored', { updateStrategy: { updateRequestsOnly: false } }));
    await waitFor('it to be applied', async () => {
      expect((await template.resources()).app).to.deep.equal(APPLIED);
      const wrec = await objects().get('WorkloadRecommendation/restored/deployment-web');
      return treeAt(wrec, 'status.applying.applied') === undefined ? undefined : true;
    });
  });

  async function withoutStatus(): Promise<Tree> {
    const { apiVersion, kind, spec } = (await objects().get(template.web)) as {
      apiVersion: string;
      kind: string;
      spec: Tree;
    };
    const { replicas, selector } = spec;
    return {
      apiVersion,
      kind,
      metadata: { namespace: 'restored', name: 'web' },
      spec: { replicas, selector },
    };
  }

  const podsOf = (containers: Tree[]): Tree => ({ metadata: { labels: { app: 'web' } }, spec: { containers } });

  it('B-APP-2 leaves alone what a policy still applies to, and says what to do', async () => {
    const { code, stdout, stderr } = await restore('-n', 'restored', 'web');
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(stderr).to.contain('the policy restored/auto applies to it: set its mode to Recommend');
    expect((await template.resources()).app).to.deep.equal(APPLIED);
  });

  it('B-APP-2 says with --dry-run what it would put back', async () => {
    await objects().patch(template.policy, { spec: { mode: 'Recommend' } });
    const { code, stdout } = await restore('--all-namespaces', '--policy', 'restored/auto', '--dry-run');
    expect(code).to.equal(0);
    expect(stdout.split('\n')).to.include.members([
      'Deployment/restored/web: containers[app].requests.cpu 240m -> 500m (dry run)',
      'Deployment/restored/web: containers[app].requests.memory 240Mi -> nothing (dry run)',
    ]);
    expect((await template.resources()).app).to.deep.equal(APPLIED);
  });

  it('B-APP-2 puts back what there was, takes away what there was not, and leaves nobody owning it', async () => {
    const { code, stdout, stderr } = await restore('-n', 'restored', 'deployment/web');
    expect({ code, stderr }).to.deep.equal({ code: 0, stderr: '' });
    expect(stdout).to.contain('requests.cpu 240m -> 500m\n').and.to.contain('limits.memory 264Mi -> nothing\n');
    expect((await template.resources()).app).to.deep.include(BEFORE);
    expect(JSON.stringify((await template.resources()).app)).not.to.contain('memory');
    expect((await template.managers()).filter((manager) => manager.startsWith('optipod'))).to.deep.equal([]);
    expect(await restore('-n', 'restored', '--all')).to.deep.equal({ code: 0, stdout: '', stderr: '' });
    expect(await template.events('SSAConflict')).to.deep.equal([]);
  });

  it('ends with 1 for what OptiPod remembers nothing of, and with 2 for what cannot be asked', async () => {
    const unknown = await restore('-n', 'restored', 'nothing');
    expect(unknown).to.deep.equal({
      code: 1,
      stdout: '',
      stderr: 'optipod: nothing: OptiPod remembers nothing of it\n',
    });
    for (const args of [[], ['web', '--all'], ['web', '-A'], ['--all', '-A', '-n', 'restored']]) {
      expect(await restore(...args)).to.include({ code: 2, stdout: '' });
    }
    const nowhere = await optipod(['restore', '--all'], { env: { KUBECONFIG: '/nowhere' } });
    expect(nowhere.code).to.equal(2);
    expect(nowhere.stderr).to.contain('/nowhere').and.not.to.contain('    at ');
  });
});
