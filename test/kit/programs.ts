import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { command } from './command.js';
import { CannotRun, messageOf } from './errors.js';
import { cacheFolder } from './folders.js';
import { acquireLock } from './lock.js';
import { apiserverPrograms, controlPlanePrograms, modules, versionIn, type GoModule } from './modules.js';

/** Told what is going on, a line at a time. */
export type Progress = (line: string) => void;

export interface BuildOptions {
  /** Which Kubernetes: the apiserver `1.33` is built from `programs/kubernetes-1.33`. @default `programs/kubernetes` */
  version?: string | undefined;
  progress: Progress;
}

/**
 * Finds programs in the cache, building what is missing (minutes each the first time).
 * Gives the path of each. Throws `CannotRun` where they cannot be built.
 */
export async function ensurePrograms(names: readonly string[], options: BuildOptions): Promise<Map<string, string>> {
  const paths = new Map<string, string>();
  for (const name of names) paths.set(name, await ensureProgram(name, options));
  return paths;
}

async function ensureProgram(name: string, options: BuildOptions): Promise<string> {
  const recipe = await recipeOf(name, options.version);
  const file = join(recipe.folder, name);
  if (existsSync(file)) return file;
  if (process.platform !== 'linux') {
    throw new CannotRun(`${name} is built on Linux only: set KUBEBUILDER_ASSETS for the control plane; ${stillWorks}.`);
  }
  if (!recipe.go) {
    throw new CannotRun(
      `Install Go, which builds ${name} once, or set KUBEBUILDER_ASSETS to a folder with kube-apiserver, etcd and kubectl ` +
        `for a control plane without a node; ${stillWorks}.`,
    );
  }
  const lock = await acquireLock(`${recipe.folder}.lock`, {
    holder: `process ${process.pid}`,
    waiting: (holder) => options.progress(`${name}: waiting for ${holder}, which builds it`),
  });
  try {
    // The one we waited for may have built it.
    if (!existsSync(file)) await build(name, recipe, options.progress);
  } finally {
    await lock.release();
  }
  return file;
}

const stillWorks = 'npm run test:unit needs none of this';

interface Recipe {
  /** Where the module's programs are kept: one folder per version, sources, flags and Go. */
  folder: string;
  source: string;
  version: string;
  flags: string[];
  target: string;
  /** Whether there is a Go to build with. */
  go: boolean;
}

async function recipeOf(program: string, wanted: string | undefined): Promise<Recipe> {
  const [moduleName, module, target] = moduleOf(program);
  const source = sourceOf(moduleName, module, target, wanted);
  const version = versionIn(readFileSync(join(source, 'go.mod'), 'utf8'), module.versionedBy);
  const flags = ['-trimpath', '-ldflags', `-s -w ${module.stamp?.(version) ?? ''}`.trim()];
  if (module.tags !== undefined) flags.push('-tags', module.tags);

  const key = `${moduleName}-${version}-${hashOf(source, flags)}`;
  const store = join(cacheFolder(), 'programs');
  const go = await goVersion(source);
  // Without Go there may still be programs that were built while there was one.
  const built = existsSync(store)
    ? readdirSync(store).find((name) => name.startsWith(`${key}-`) && !name.endsWith('.lock'))
    : undefined;
  const folder = join(store, go === undefined ? (built ?? key) : `${key}-${go}`);
  return { folder, source, version, flags, target, go: go !== undefined };
}

function moduleOf(program: string): [name: string, module: GoModule, target: string] {
  for (const [name, module] of Object.entries(modules)) {
    const target = module.packages[program];
    if (target !== undefined) return [name, module, target];
  }
  throw new Error(`no program ${program}`);
}

/** Whether there is what a program is built from: those of this repository's own tests are not published. */
export function hasSource(program: string): boolean {
  const [name, module] = moduleOf(program);
  return existsSync(folderOf(name, module));
}

function folderOf(name: string, { folder }: GoModule): string {
  return join(import.meta.dirname, folder ?? join('programs', name));
}

/** A version's own module, where it builds the program; etcd and kubectl serve every version. */
function sourceOf(moduleName: string, module: GoModule, target: string, wanted: string | undefined): string {
  const source = folderOf(moduleName, module);
  if (moduleName !== 'kubernetes' || wanted === undefined) return source;
  const own = `${source}-${wanted}`;
  if (!existsSync(own)) throw new CannotRun(`There is no Kubernetes ${wanted} here: add ${own}.`);
  return builds(own, target) ? own : source;
}

function builds(source: string, target: string): boolean {
  return readFileSync(join(source, 'go.mod'), 'utf8').includes(`${target}\n`);
}

function hashOf(source: string, flags: string[]): string {
  const hash = createHash('sha256').update(flags.join('\0'));
  for (const name of readdirSync(source).sort()) hash.update(`\0${name}\0`).update(readFileSync(join(source, name)));
  return hash.digest('hex').slice(0, 12);
}

const goVersions = new Map<string, Promise<string | undefined>>();

/** Asked in the module's folder: its go.mod may choose a newer Go than the one on the PATH. */
function goVersion(source: string): Promise<string | undefined> {
  const known = goVersions.get(source);
  if (known !== undefined) return known;
  const asked = command('go', ['env', 'GOVERSION'], { cwd: source, env: { GOWORK: 'off' } }).then(
    ({ stdout }) => stdout.trim(),
    () => undefined,
  );
  goVersions.set(source, asked);
  return asked;
}

async function build(name: string, recipe: Recipe, progress: Progress): Promise<void> {
  mkdirSync(recipe.folder, { recursive: true });
  const started = Date.now();
  const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`;
  progress(`${name}: building (once; it is kept in ${recipe.folder})`);
  // So that a build of several minutes does not look like one that hangs.
  const heartbeat = setInterval(() => progress(`${name}: still building, ${elapsed()}`), 15_000);
  const partial = join(recipe.folder, `.${name}.partial`);
  try {
    await command('go', ['build', ...recipe.flags, '-o', partial, recipe.target], {
      cwd: recipe.source,
      env: { CGO_ENABLED: '0', GOWORK: 'off' },
    });
    renameSync(partial, join(recipe.folder, name));
    progress(`${name}: built in ${elapsed()}`);
  } catch (error) {
    rmSync(partial, { force: true });
    throw buildFailure(name, messageOf(error));
  } finally {
    clearInterval(heartbeat);
  }
}

function buildFailure(name: string, said: string): Error {
  if (!/dial tcp|no such host|connection refused|i\/o timeout|network is unreachable|TLS handshake/.test(said)) {
    return new Error(`${name} does not build: ${said}`);
  }
  return new CannotRun(
    `The Go modules of ${name} cannot be downloaded: run "npm run cluster -- build" once with a network, or set ` +
      `KUBEBUILDER_ASSETS for a control plane without a node; ${stillWorks}.`,
  );
}

/**
 * The programs of a control plane. KUBEBUILDER_ASSETS (kube-apiserver, etcd, kubectl) comes before what the kit builds;
 * a controller-manager and scheduler that are neither in it nor can be built are left out, with a line that says so.
 */
export async function ensureControlPlanePrograms(options: BuildOptions): Promise<Map<string, string>> {
  // Another version is its apiserver alone, which says what is valid: no manager of this version is meant to serve it.
  if (options.version !== undefined) return ensurePrograms(apiserverPrograms, options);
  const assets = process.env.KUBEBUILDER_ASSETS;
  if (!assets) return ensurePrograms(controlPlanePrograms, options);
  const paths = new Map<string, string>();
  for (const name of controlPlanePrograms) {
    const given = join(assets, name);
    if (existsSync(given)) paths.set(name, given);
  }
  for (const name of apiserverPrograms) {
    if (!paths.has(name))
      throw new CannotRun(`KUBEBUILDER_ASSETS=${assets} has no ${name}: correct it, or unset it; ${stillWorks}.`);
  }
  const managers = ['kube-controller-manager', 'kube-scheduler'].filter((name) => !paths.has(name));
  try {
    for (const name of managers) paths.set(name, await ensureProgram(name, options));
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    const names = managers.filter((name) => !paths.has(name)).join(' and ');
    options.progress(
      `${names}: not in KUBEBUILDER_ASSETS and cannot be built here, so this control plane runs without`,
    );
  }
  return paths;
}

/** PATH with the kit's own programs first. */
export function pathWith(programs: ReadonlyMap<string, string>): string {
  const folders = new Set([...programs.values()].map((path) => join(path, '..')));
  return [...folders, process.env.PATH ?? ''].join(delimiter);
}
