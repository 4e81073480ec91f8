import { readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { publint } from 'publint';
import { OptimizationPolicy } from '../../lib/api/index.js';
import { editorSchema } from '../../tools/generate-json-schema.js';
import { ROOT } from '../../tools/run.js';
import { consumerApp, NODE_24 } from '../support/consumer-apps.js';
import { npx, run, write } from '../support/consumer-run.js';
import { packed } from '../support/packed.js';

const PROGRAM = `
import { App, Chart } from 'cdk8s';
import { OptimizationPolicy } from 'optipod';
import { OptiPod } from 'optipod/install';
import { Deployment } from 'optipod/kube';
import { OptiPodValidation } from 'optipod/validation';

const app = new App();
new OptimizationPolicy(new Chart(app, 'chart'), 'web', {
  mode: 'Recommend',
  selector: { workloadTypes: { include: ['Deployment'] } },
  metricsConfig: { provider: 'prometheus' },
  resourceBounds: { cpu: { min: '50m', max: 4 }, memory: { min: '64Mi', max: '8Gi' } },
  updateStrategy: {},
});
new OptiPod(app, 'optipod', { webhookReplicas: 1 });
console.log(app.charts.length, app.synthYaml().includes('max: 8Gi'), Deployment.plural, typeof OptiPodValidation);
`;

/** Not among the unit tests because it takes a build; needs no cluster. */
describe('the packed package in a strict ES module', function () {
  this.timeout(300_000);
  let app = '';
  let newer = '';

  before(async () => {
    [app, newer] = await Promise.all([consumerApp('strict', await packed()), consumerApp('node24', '')]);
    await write(app, {
      'program.ts': PROGRAM,
      'tsconfig.json': JSON.stringify({
        compilerOptions: {
          target: 'es2022',
          module: 'nodenext',
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          types: ['node'],
        },
        files: ['program.ts'],
      }),
    });
    await npx(app, 'tsc', '-p', '.');
  });

  after(async () => {
    for (const folder of [app, newer].filter((made) => made !== '')) await rm(folder, { recursive: true, force: true });
  });

  for (const version of ['this Node.js', 'Node.js 24']) {
    it(`runs, with the types of every library checked: ${version}`, async () => {
      const node = version === 'this Node.js' ? process.execPath : join(newer, NODE_24);
      expect(await run(node, ['program.js'], app)).to.equal('3 true deployments function\n');
    });
  }

  it('loads nothing of what only operator and webhook need', async () => {
    const listing = `require('optipod'); require('optipod/validation');
      console.log(Object.keys(require.cache).join('\\n'));`;
    const loaded = await run(process.execPath, ['--input-type=commonjs', '--eval', listing], app);
    const packages = [...loaded.matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/g)].map(
      ([, name]) => name,
    );
    expect(packages).to.include.members(['optipod', 'cdk8s', 'constructs', 'ajv']);
    const forbidden = /^(undici|hono|@hono\/.*|pino|prom-client|@kubernetes\/.*|@optipod\/.*|cdk8s-plus-.*)$/;
    expect(packages.filter((name) => forbidden.test(name ?? ''))).to.deep.equal([]);
  });

  it('brings the schema for editors', async () => {
    const file = createRequire(join(app, 'program.js')).resolve('optipod/schema.json');
    expect(JSON.parse(await readFile(file, 'utf8'))).to.deep.equal(editorSchema(OptimizationPolicy));
  });

  it('has nothing to be said against by publint and are-the-types-wrong', async () => {
    const { messages } = await publint({ pkgDir: join(app, 'node_modules/optipod'), pack: false, strict: true });
    expect(messages).to.deep.equal([]);
    const attw = join(ROOT, 'node_modules/.bin/attw');
    // What only Node.js runs is there as an ES module alone: see docs/decisions/0006-module-kinds.md.
    const modulesOnly = ['--exclude-entrypoints', 'testing', 'testing/mocha'];
    expect(await run(attw, [await packed(), '--no-definitely-typed', ...modulesOnly], app)).to.contain(
      'No problems found',
    );
  });

  it('costs a repository of policies few packages and few megabytes', async () => {
    const flags = ['ls', '--omit=dev', '--all', '--parseable', '--workspaces=false'];
    // npm ls lists everything, and fails over a package that is in no package.json.
    const listed = await run('npm', flags, app).catch((error: unknown) => String(error));
    const packages = listed.split('\n').filter((line) => /^\/.*\/node_modules\//.test(line));
    // Bundled packages lie inside of others, and count as packages of their own, but not twice as megabytes.
    const folders = packages.filter((path) => path.split('/node_modules/').length === 2);
    const total = (await run('du', ['--summarize', '--total', '--block-size=1M', ...folders], app))
      .trim()
      .split('\n')
      .at(-1);
    const megabytes = Number.parseInt(total ?? '');
    const decision = await readFile(join(ROOT, 'docs/decisions/0006-module-kinds.md'), 'utf8');
    const [, ...stated] = /included: (\d+) packages and (\d+) MB/.exec(decision) ?? [];
    // Dependencies of dependencies grow without a change here.
    expect(packages.length).to.be.closeTo(Number(stated[0]), 2);
    expect(megabytes).to.be.closeTo(Number(stated[1]), 3);
  });
});
