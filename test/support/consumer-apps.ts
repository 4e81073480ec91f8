/**
 * Apps that install the packed `optipod` as their users do. What comes from a registry is installed once, into a cache outside of
 * the repository, before any network without an outside is opened; the package itself needs none of that.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheFolder } from '../kit/folders.js';
import { CannotRun } from '../kit/index.js';
import { ROOT, run, type Progress } from '../../tools/run.js';

/** `stock` is the TypeScript template of cdk8s-cli, `strict` an ES module with strict types, `node24` another Node.js. */
export type AppKind = 'stock' | 'strict' | 'node24';

const KINDS: readonly AppKind[] = ['stock', 'strict', 'node24'];

const TEMPLATE = join(ROOT, 'node_modules/cdk8s-cli/templates/typescript-app');

/** The program of `node24`. */
export const NODE_24 = join('node_modules', `node-linux-${process.arch}`, 'bin', 'node');

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Installs what the apps need besides `optipod`, or finds it installed. */
export async function prepareConsumerApps(progress: Progress): Promise<void> {
  for (const kind of KINDS) {
    const manifest = await manifestOf(kind);
    const folder = await cachedFolder(kind, manifest);
    if (existsSync(folder)) continue;
    progress(`installing what a consumer has beside optipod (${kind})`);
    await mkdir(join(folder, '..'), { recursive: true });
    // Complete or not there at all, whenever this process ends.
    const partial = await mkdtemp(`${folder}.`);
    try {
      await writeFile(join(partial, 'package.json'), manifest);
      const flags = ['--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--workspaces=false'];
      await run('npm', ['install', ...flags], partial);
      await npmInstallMore(partial, kind);
      await rename(partial, folder);
    } catch (error) {
      // Another process may have been faster.
      if (!existsSync(folder)) throw error;
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }
}

/** A new app with the package installed from its archive, in a folder of its own; whoever calls removes it. */
export async function consumerApp(kind: AppKind, archive: string): Promise<string> {
  const manifest = await manifestOf(kind);
  const cached = await cachedFolder(kind, manifest);
  if (!existsSync(cached))
    throw new CannotRun(`There is no installed app: run "npx tsx test/run.ts cluster" with a network.`);
  const folder = await mkdtemp(join(cacheFolder(), 'consumers', 'app-'));
  // Links, for speed. npm rewrites its list of what is installed, which must not happen to the cache's.
  await run('cp', ['--archive', '--link', join(cached, 'node_modules'), folder]);
  await rm(join(folder, 'node_modules/.package-lock.json'), { force: true });
  if (kind === 'stock') await template(folder);
  else await writeFile(join(folder, 'package.json'), manifest);
  const flags = ['--offline', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--workspaces=false'];
  if (kind !== 'node24') await run('npm', ['install', ...flags, archive], folder);
  return folder;
}

/** The template as it is, but for the placeholders of its names and versions. */
async function template(folder: string): Promise<void> {
  await cp(TEMPLATE, folder, { recursive: true, filter: (path) => !path.endsWith('.hooks.sscaff.js') });
  for (const file of ['package.json', 'main.ts']) {
    await writeFile(join(folder, file), await filledIn(file));
  }
}

async function filledIn(file: string): Promise<string> {
  const values: Readonly<Record<string, string>> = {
    $base: 'policies',
    cdk8s_core_version: await installed('cdk8s'),
    constructs_version: await installed('constructs'),
    cdk8s_cli_spec: await installed('cdk8s-cli'),
    // Another than the one that optipod/install is built with.
    cdk8s_plus_version: '2.5.57',
  };
  const text = await readFile(join(TEMPLATE, file), 'utf8');
  return text.replaceAll(/\{\{ (\S+) \}\}/g, (placeholder, name: string) => values[name] ?? placeholder);
}

/** The package.json of an app. */
async function manifestOf(kind: AppKind): Promise<string> {
  if (kind === 'stock') return filledIn('package.json');
  const common = { name: 'consumer', version: '1.0.0', private: true, type: 'module' };
  const versions = { cdk8s: await installed('cdk8s'), constructs: await installed('constructs') };
  const development = { typescript: await installed('typescript'), '@types/node': await installed('@types/node') };
  return JSON.stringify(
    kind === 'strict'
      ? { ...common, dependencies: versions, devDependencies: development }
      : { ...common, dependencies: { [`node-linux-${process.arch}`]: '24' } },
  );
}

/** What npm would fetch for the package, which is not packed when the cache is filled. */
async function npmInstallMore(folder: string, kind: AppKind): Promise<void> {
  if (kind === 'node24') return;
  const { dependencies } = await read('package.json');
  const wanted = Object.entries(dependencies).map(([name, range]) => `${name}@${range}`);
  const flags = ['--no-save', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts', '--workspaces=false'];
  await run('npm', ['install', ...flags, ...wanted], folder);
}

async function cachedFolder(kind: AppKind, manifest: string): Promise<string> {
  const { dependencies } = await read('package.json');
  const key = createHash('sha256')
    .update(JSON.stringify([manifest, dependencies]))
    .digest('hex')
    .slice(0, 16);
  return join(cacheFolder(), 'consumers', `${kind}-${key}`);
}

async function installed(name: string): Promise<string> {
  return (await read(`node_modules/${name}/package.json`)).version;
}

async function read(path: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(ROOT, path), 'utf8')) as Manifest;
}
