import { readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { ROOT } from '../../tools/run.js';
import { consumerApp } from '../support/consumer-apps.js';
import { npx, write } from '../support/consumer-run.js';
import { packed } from '../support/packed.js';

const POLICIES = `
import { App, Chart, Duration, Size } from 'cdk8s';
import { Cpu, Namespace } from 'cdk8s-plus-33';
import { Construct } from 'constructs';
import { OptimizationPolicy } from 'optipod';

export class Policies extends Chart {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const payments = new Namespace(this, 'payments', { metadata: { name: 'payments' } });
    const web = new OptimizationPolicy(this, 'web', {
      metadata: { name: 'web' },
      mode: 'Recommend',
      updateStrategy: {},
      selector: { namespaceSelector: { matchLabels: { team: 'web' } } },
      metricsConfig: { provider: 'prometheus', rollingWindow: Duration.days(7) },
      resourceBounds: { cpu: { min: Cpu.millis(50), max: 4 }, memory: { min: Size.mebibytes(64), max: '8Gi' } },
    });
    web.denyNamespaces(payments).excludeKinds('DaemonSet');
  }
}

const app = new App();
new Policies(app, 'policies');
app.synth();
`;

const JEST = `
import { Testing } from 'cdk8s';
import { Policies } from './policies';

test('the policy', () => {
  const [, policy] = Testing.synth(new Policies(Testing.app(), 'test'));
  expect(policy.spec.resourceBounds).toEqual({ cpu: { min: '50m', max: 4 }, memory: { min: '64Mi', max: '8Gi' } });
});
`;

const MISTAKEN = `
import { OptimizationPolicyProps } from 'optipod';

// @ts-expect-error a typing mistake
export const mode: OptimizationPolicyProps['mode'] = 'Recomend';
`;

const RAW = `
apiVersion: optipod.io/v1alpha1
kind: OptimizationPolicy
metadata:
  name: raw
spec:
  mode: Recommend
  selector: { namespaces: { allow: [web] } }
  metricsConfig: { provider: prometheus, safetyFactor: 0.5 }
  resourceBounds: { cpu: { min: 50m, max: 4 }, memory: { min: 64Mi, max: 8Gi } }
  updateStrategy: {}
`;

/** Not among the unit tests because it takes a build; needs no cluster. */
describe('the packed package in the TypeScript template of cdk8s-cli', function () {
  this.timeout(300_000);
  let app = '';

  before(async () => {
    app = await consumerApp('stock', await packed());
    await write(app, { 'policies.ts': POLICIES, 'policies.test.ts': JEST, 'mistaken.ts': MISTAKEN });
  });

  after(async () => {
    if (app !== '') await rm(app, { recursive: true, force: true });
  });

  it('compiles, with the types of every library checked', async () => {
    await npx(app, 'tsc', '--noEmit', '-p', '.');
  });

  it('synthesizes', async () => {
    await npx(app, 'cdk8s', 'synth', '--check-upgrade=false', '--app', 'npx ts-node policies.ts', '--output', 'out');
    const yaml = await readFile(join(app, 'out/policies.k8s.yaml'), 'utf8');
    expect(yaml).to.contain('kind: OptimizationPolicy').and.to.contain('rollingWindow: 7d');
    expect(yaml).to.match(/deny:\n +- payments\n/);
  });

  it('is tested by jest', async () => {
    // As `cdk8s init` runs it: the template's snapshot is older than jest's present form.
    const said = await npx(app, 'jest', '--runInBand', '--updateSnapshot');
    expect(said).to.contain('Tests:       2 passed');
  });

  it('has raw YAML judged by the plug-in, which names field and construct', async () => {
    const folder = join(app, 'lint');
    await write(folder, {
      'raw.yaml': RAW,
      'app.js': `const { App, Chart, Include } = require('cdk8s');
        const app = new App();
        new Include(new Chart(app, 'chart'), 'included', { url: 'raw.yaml' });
        app.synth();`,
      'cdk8s.yaml': `language: typescript\napp: node app.js\n${await documentedValidations()}`,
    });
    await symlink(join(app, 'node_modules'), join(folder, 'node_modules'));
    const said = await npx(folder, 'cdk8s', 'synth', '--check-upgrade=false').then(
      () => 'cdk8s synth passed',
      (error: unknown) => String(error),
    );
    expect(said).to.contain('Construct Path: chart/included/raw').and.to.contain('Validation failed');
    expect(said).to.contain('> spec.metricsConfig.safetyFactor');
    expect(said).to.contain('should be greater than or equal to 1');
    await write(folder, { 'raw.yaml': RAW.replace('0.5', '1.5') });
    expect(await npx(folder, 'cdk8s', 'synth', '--check-upgrade=false')).to.contain('Validations ended succesfully');
  });
});

/** What the documentation has people write into cdk8s.yaml. */
async function documentedValidations(): Promise<string> {
  const page = await readFile(join(ROOT, 'docs/reference/editors.md'), 'utf8');
  return /```yaml\n(validations:\n[^`]+)```/.exec(page)?.[1] ?? '';
}
