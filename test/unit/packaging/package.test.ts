import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect } from 'chai';
import ts from 'typescript';
import { VERSION } from '../../../constructs/version.js';

const ROOT = join(import.meta.dirname, '../../..');

describe('the published package', () => {
  let manifest: PackageManifest;

  before(async () => {
    manifest = await manifestOf('.');
  });

  it('has one version with the other packages, the manifests and the image', async () => {
    for (const folder of ['.', 'operator', 'webhook']) expect((await manifestOf(folder)).version).to.equal(VERSION);
  });

  it('exports, for both module systems, only what there is a source for', () => {
    for (const [name, conditions] of Object.entries(manifest.exports)) {
      const targets = targetsOf(conditions);
      if (!name.endsWith('.json') && !name.startsWith('./testing')) {
        expect(
          targets.filter((target) => target.startsWith('./dist/esm/')),
          name,
        ).to.have.length(2);
        expect(
          targets.filter((target) => target.startsWith('./dist/cjs/')),
          name,
        ).to.have.length(2);
      }
      for (const source of targets.flatMap(sourcesOf)) {
        expect(existsSync(join(ROOT, source)), `${name}: ${source}`).to.equal(true);
      }
    }
  });

  it('brings the JSON Schema for editors, where the documentation says it is', async () => {
    const page = await readFile(join(ROOT, 'docs/reference/editors.md'), 'utf8');
    const [, path = ''] = /\$schema=\S*node_modules\/optipod\/(\S+)/.exec(page) ?? [];
    expect(manifest.exports['./schema.json']).to.equal(`./${path}`);
    expect(manifest.files).to.include(path);
    expect(page)
      .to.contain(`/optipod/${VERSION}/optimizationpolicy.schema.json`)
      .and.to.contain(`version: ${VERSION}\n`);
  });

  it('loads cdk8s and what validates from its root, and cdk8s-plus-28 only to install', async () => {
    const validator = ['@marcbachmann/cel-js', 'ajv'];
    expect(await loadedBy('constructs/index.ts')).to.deep.equal([...validator, 'cdk8s', 'constructs']);
    expect(await loadedBy('constructs/validation.ts')).to.deep.equal(validator);
    expect(await loadedBy('constructs/install.ts')).to.include.members(['cdk8s', 'cdk8s-plus-28', 'constructs']);
    for (const entry of ['constructs/index.ts', 'constructs/install.ts']) {
      expect(await loadedBy(entry), entry).not.to.include.oneOf(PROCESSES_ONLY);
    }
  });

  it('brings every package that any of its entries loads', async () => {
    const { dependencies, peerDependencies } = manifest;
    const entries = Object.values(manifest.exports).flatMap(targetsOf).flatMap(sourcesOf);
    // The test cluster is bundled with what it loads.
    const unbundled = entries.filter((source) => source.endsWith('.ts') && !source.startsWith('./test/'));
    for (const entry of new Set(unbundled)) {
      const missing = (await loadedBy(entry)).filter((name) => !(name in { ...dependencies, ...peerDependencies }));
      expect(missing, entry).to.deep.equal([]);
    }
  });
});

describe('the packages of operator and webhook', () => {
  for (const folder of ['operator', 'webhook']) {
    it(`@optipod/${folder} brings every package that its sources name, for their types, too`, async () => {
      const { dependencies } = await manifestOf(folder);
      const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
      const sources = files.filter((file) => /^(?!dist|node_modules).*(?<!\.d)\.ts$/.test(file));
      const named = new Set(sources.flatMap((file) => packagesIn(join(ROOT, folder, file))));
      expect([...named].filter((name) => !(name in dependencies) && !BUNDLED.includes(name))).to.deep.equal([]);
      expect(Object.keys(dependencies).filter((name) => !named.has(name))).to.deep.equal([]);
    });
  }
});

/** What is in the published code itself. */
const BUNDLED = ['@kubernetes/client-node'];

/** The packages that a source imports something from, values or types. */
function packagesIn(file: string): string[] {
  return ts
    .preProcessFile(readFileSync(file, 'utf8'), true, true)
    .importedFiles.map(({ fileName }) => fileName)
    .filter((name) => !name.startsWith('.') && !name.startsWith('node:'))
    .map((name) =>
      name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/'),
    );
}

/** What operator and webhook need, and no repository of policies should have to install. */
const PROCESSES_ONLY = ['undici', 'hono', '@hono/node-server', 'pino', 'prom-client', '@kubernetes/client-node'];

interface PackageManifest {
  readonly version: string;
  readonly files: readonly string[];
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
}

async function manifestOf(folder: string): Promise<PackageManifest> {
  return JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8')) as PackageManifest;
}

function targetsOf(conditions: unknown): string[] {
  if (typeof conditions === 'string') return [conditions];
  return Object.values(conditions as Record<string, unknown>).flatMap(targetsOf);
}

/** The source of a file of dist/; of a pattern over the rooms of lib/, that of each room. */
function sourcesOf(target: string): string[] {
  const source = target
    .replace(/^\.\/dist\/(esm|cjs)\//, './')
    .replace('./dist/testing/mocha.js', './test/kit/hooks.ts')
    .replace('./dist/testing/', './test/kit/')
    .replace(/\.(d\.ts|js)$/, '.ts');
  if (!source.includes('*')) return [source];
  const rooms = readdirSync(join(ROOT, 'lib')).filter((room) => existsSync(join(ROOT, 'lib', room, 'index.ts')));
  return rooms.map((room) => source.replace('*', room));
}

/** The packages that loading a source loads, directly or through our own files; types are gone by then. */
async function loadedBy(entry: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports);
  const packages = imported
    .filter(({ external, path }) => external && !path.startsWith('node:'))
    .map(({ path }) => path);
  return [...new Set(packages)].sort();
}
