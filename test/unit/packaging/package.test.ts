import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect } from 'chai';
import { VERSION } from '../../../constructs/version.js';

const ROOT = join(import.meta.dirname, '../../..');

describe('the published package', () => {
  let manifest: { version: string; exports: Record<string, unknown>; bin: Record<string, string> };

  before(async () => {
    manifest = await manifestOf('.');
  });

  it('has one version with the other packages, the manifests and the image', async () => {
    for (const folder of ['.', 'operator', 'webhook']) expect((await manifestOf(folder)).version).to.equal(VERSION);
  });

  it('exports, for both module systems, only what there is a source for', async () => {
    const rooms = (await readdir(join(ROOT, 'lib'))).filter((room) => existsSync(join(ROOT, 'lib', room, 'index.ts')));
    for (const [name, conditions] of Object.entries(manifest.exports)) {
      const targets = targetsOf(conditions);
      if (name !== './package.json') {
        expect(
          targets.filter((target) => target.startsWith('./dist/esm/')),
          name,
        ).to.have.length(2);
        expect(
          targets.filter((target) => target.startsWith('./dist/cjs/')),
          name,
        ).to.have.length(2);
      }
      for (const target of targets.flatMap((one) =>
        one.includes('*') ? rooms.map((r) => one.replace('*', r)) : one,
      )) {
        const source = target.replace(/^\.\/dist\/(esm|cjs)\//, './').replace(/\.(d\.ts|js)$/, '.ts');
        expect(existsSync(join(ROOT, source)), `${name}: ${source}`).to.equal(true);
      }
    }
  });

  it('loads cdk8s alone from its root, and cdk8s-plus-28 only to install', async () => {
    expect(await loadedBy('constructs/index.ts')).to.deep.equal(['cdk8s', 'constructs']);
    expect(await loadedBy('constructs/install.ts')).to.include.members(['cdk8s', 'cdk8s-plus-28', 'constructs']);
    for (const entry of ['constructs/index.ts', 'constructs/install.ts']) {
      expect(await loadedBy(entry), entry).not.to.include.oneOf(PROCESSES_ONLY);
    }
  });
});

/** What operator and webhook need, and no repository of policies should have to install. */
const PROCESSES_ONLY = ['undici', 'hono', '@hono/node-server', 'pino', 'prom-client', '@kubernetes/client-node'];

async function manifestOf(
  folder: string,
): Promise<{ version: string; exports: Record<string, unknown>; bin: Record<string, string> }> {
  return JSON.parse(await readFile(join(ROOT, folder, 'package.json'), 'utf8')) as Awaited<
    ReturnType<typeof manifestOf>
  >;
}

function targetsOf(conditions: unknown): string[] {
  if (typeof conditions === 'string') return [conditions];
  return Object.values(conditions as Record<string, unknown>).flatMap(targetsOf);
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
