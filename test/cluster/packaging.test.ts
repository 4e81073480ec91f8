import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import ts from 'typescript';
import { manifestsYaml } from '../../constructs/install.js';
import { built } from '../support/packed.js';

const ROOT = join(import.meta.dirname, '../..');

const ENTRIES = [
  ['cdk8s', '{ App, Chart }'],
  ['optipod', '{ OptimizationPolicy }'],
  ['optipod/install', '{ OptiPod }'],
  ['optipod/lib/api', '{ OptimizationPolicy: Resource }'],
  ['optipod/kube', '{ Deployment }'],
] as const;

const REQUIRED = ENTRIES.map(([name, what]) => `const ${what} = require('${name}');`).join('\n');
const IMPORTED = ENTRIES.map(([name, what]) => `import ${what.replace(': ', ' as ')} from '${name}';`).join('\n');

const PROGRAM = `
const app = new App();
new OptimizationPolicy(new Chart(app, 'chart'), 'web', {
  mode: 'Recommend',
  selector: { workloadTypes: { include: ['Deployment'] } },
  metricsConfig: { provider: 'prometheus' },
  resourceBounds: { cpu: { min: '50m', max: 4 }, memory: { min: '64Mi', max: '8Gi' } },
  updateStrategy: {},
});
new OptiPod(app, 'optipod', { webhookReplicas: 1 });
console.log(app.charts.length, app.synthYaml().includes('max: 8Gi'), Deployment.plural, Resource.plural);
`;

/** Not among the unit tests because it takes a build; needs no cluster. */
describe('the built packages', function () {
  this.timeout(180_000);
  let consumer: string;

  before(async () => {
    await built();
    // What npm would make of an installation.
    consumer = await mkdtemp(join(tmpdir(), 'optipod-consumer-'));
    await mkdir(join(consumer, 'node_modules'));
    await symlink(ROOT, join(consumer, 'node_modules/optipod'));
    for (const name of ['cdk8s', 'constructs', '@optipod', '@types']) {
      await symlink(join(ROOT, 'node_modules', name), join(consumer, 'node_modules', name));
    }
  });

  after(() => rm(consumer, { recursive: true, force: true }));

  for (const [how, file, source] of [
    ['required', 'program.cjs', REQUIRED + PROGRAM],
    ['imported', 'program.mjs', IMPORTED + PROGRAM],
  ] as const) {
    it(`can be ${how}`, async () => {
      await writeFile(join(consumer, file), source);
      const said = await run(process.execPath, [file], consumer);
      expect(said).to.equal('3 true deployments optimizationpolicies\n');
    });
  }

  for (const [whose, type, options] of [
    // As `cdk8s init typescript-app` writes it; only since TypeScript 6 is its resolution of modules spoken of as old.
    ['a stock cdk8s app', 'commonjs', { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' }],
    ['an ES module', 'module', { module: 'nodenext', moduleResolution: 'nodenext', skipLibCheck: true }],
  ] as const) {
    it(`have the types that ${whose} finds, down to the last value`, async () => {
      const mistaken = PROGRAM.replace("mode: 'Recommend'", "// @ts-expect-error a typing mistake\n  mode: 'Recomend'");
      await writeFile(join(consumer, 'right.ts'), IMPORTED + PROGRAM);
      await writeFile(join(consumer, 'mistaken.ts'), IMPORTED + mistaken);
      await writeFile(join(consumer, 'package.json'), JSON.stringify({ type }));
      const compilerOptions = { target: 'es2022', strict: true, noEmit: true, types: ['node'], ...options };
      const config = { compilerOptions, files: ['right.ts', 'mistaken.ts'] };
      await writeFile(join(consumer, 'tsconfig.json'), JSON.stringify(config));
      await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', '.'], consumer);
    });
  }

  for (const kind of ['esm', 'cjs']) {
    for (const [entry, packages] of [
      ['index', ['cdk8s', 'constructs']],
      ['install', ['cdk8s', 'constructs']],
      ['validation', []],
    ] as const) {
      it(`have types that name few packages: ${kind}, ${entry}`, async () => {
        const named = await namedBy(join(ROOT, `dist/${kind}/constructs/${entry}.d.ts`));
        expect([...named].sort()).to.deep.equal(packages);
      });
    }
  }

  it('hold a command that needs nothing but the peers', async () => {
    const said = await run(join(ROOT, 'dist/cli/optipod.js'), ['manifests', '--image', 'optipod:dev'], consumer);
    expect(said).to.equal(manifestsYaml({ image: 'optipod:dev' }));
  });

  it('find each other by their names', async () => {
    const names = ['@optipod/operator', '@optipod/operator/runtime', '@optipod/webhook', '@optipod/webhook/server'];
    await writeFile(join(consumer, 'others.mjs'), names.map((name) => `import '${name}';`).join('\n'));
    await run(process.execPath, ['others.mjs'], consumer);
  });

  for (const program of ['operator', 'webhook']) {
    it(`hold the program of the image that is the ${program}, with everything it loads`, async () => {
      const file = join(ROOT, `dist/image/${program}.js`);
      const ended = await run(process.execPath, [file, '--no-such-flag'], consumer).catch(String);
      expect(ended).to.contain('--no-such-flag is no flag');
    });
  }
});

/** The packages that a file of declarations names, and those that it leads to. */
async function namedBy(file: string, seen = new Set<string>()): Promise<Set<string>> {
  if (seen.has(file)) return new Set();
  seen.add(file);
  const text = await readFile(file, 'utf8');
  const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(text, true, true);
  const named = new Set(typeReferenceDirectives.map(({ fileName }) => fileName));
  for (const { fileName } of importedFiles) {
    if (!fileName.startsWith('.')) named.add(fileName);
    else
      for (const name of await namedBy(join(dirname(file), fileName.replace(/\.js$/, '.d.ts')), seen)) named.add(name);
  }
  return named;
}

/** What a program wrote to stdout; rejects with everything it wrote when it fails. */
async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { cwd })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}
