/** What is bundled by esbuild: the programs of the image, the command, the test cluster, and one file of the CommonJS build. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type BuildOptions, type Plugin } from 'esbuild';
import { ROOT } from './run.js';

/** CommonJS packages in an ES module bundle ask for Node's own modules through `require`. */
const REQUIRE = `import { createRequire as optipodRequire } from 'node:module'; const require = optipodRequire(import.meta.url);`;

const options = {
  absWorkingDir: ROOT,
  // Resolves the packages of this repository to their sources.
  tsconfig: 'tsconfig.json',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'warning',
  banner: { js: REQUIRE },
  splitting: true,
  chunkNames: '[name]-[hash]',
} satisfies BuildOptions;

/**
 * dist/image/{operator,webhook}.js, and the chunks that they share or load when they need them: everything, so that the image
 * needs no node_modules. The largest chunk is the Kubernetes client, which only kubeconfig files ask for: in a pod it is not
 * loaded, which saves 50 MB. Node.js keeps the text of what it runs: it is without the blanks and comments that nobody reads
 * there, with the names that stack traces have, and without source maps, which would cost as much again.
 */
export async function bundleImage(outdir: string = join(ROOT, 'dist/image')): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await build({
    ...options,
    entryPoints: { operator: 'operator/main.ts', webhook: 'webhook/main.ts' },
    outdir,
    minifyWhitespace: true,
    legalComments: 'linked',
  });
  await writeFile(join(outdir, 'package.json'), '{ "type": "module" }\n');
}

/**
 * dist/cli/optipod.js and the chunks that it loads when a command needs them. cdk8s and its kin stay outside: as peers they
 * are installed anyway, and cdk8s-plus-28, a dependency, must meet the same copy of them.
 */
export async function bundleCli(outdir: string = join(ROOT, 'dist/cli')): Promise<void> {
  await Promise.all([bundleCommands(outdir), bundleKubeconfig(join(outdir, 'kubeconfig-client.js'))]);
}

/** Without what reads kubeconfigs, which takes several times as long to bundle and most commands do not load. */
export async function bundleCommands(outdir: string): Promise<void> {
  await mkdir(outdir, { recursive: true });
  await build({
    ...options,
    entryPoints: { optipod: 'cli/main.ts' },
    outdir,
    external: ['cdk8s', 'constructs', 'cdk8s-plus-28', './kubeconfig-client.js'],
    plugins: [withoutUnusedOperator],
  });
}

/**
 * What reads Prometheus or a cluster takes a few things from the operator's runtime; certificates, leader election and the rest of
 * it stay out of the command, for importing a module of the operator does nothing else.
 */
const withoutUnusedOperator: Plugin = {
  name: 'without-unused-operator',
  setup(bundler) {
    bundler.onResolve({ filter: /^\.\.?\// }, async ({ path, pluginData, ...how }) => {
      if (pluginData === 'resolved') return undefined;
      const found = await bundler.resolve(path, { ...how, pluginData: 'resolved' });
      return found.path.startsWith(join(ROOT, 'operator/')) ? { ...found, sideEffects: false } : found;
    });
  },
};

/** dist/testing: whoever tests an operator has what it needs, and whoever does not has nothing more to install. */
export async function bundleTesting(): Promise<void> {
  await build({
    ...options,
    entryPoints: { index: 'test/kit/index.ts', mocha: 'test/kit/hooks.ts', cli: 'test/kit/cli.ts' },
    outdir: join(ROOT, 'dist/testing'),
  });
}

/**
 * operator/dist/runtime/kubeconfig-client.js, in the place of what tsc made of it. The Kubernetes client asks for an undici that Node.js 20
 * cannot load; this repository overrides it, and an override does not travel to whoever installs the package. So the client
 * does, with the operator's own undici.
 */
export async function bundleOperatorKubeconfig(): Promise<void> {
  await bundleKubeconfig(join(ROOT, 'operator/dist/runtime/kubeconfig-client.js'), ['undici']);
}

async function bundleKubeconfig(outfile: string, external: string[] = []): Promise<void> {
  await build({
    ...options,
    splitting: false,
    entryPoints: ['operator/runtime/kubeconfig-client.ts'],
    outfile,
    external,
    allowOverwrite: true,
    plugins: [withoutModels],
  });
}

/** Of the client's hundreds of modules only what reads kubeconfigs is wanted, and loading none of them does anything else. */
const withoutModels: Plugin = {
  name: 'without-models',
  setup(bundler) {
    bundler.onResolve({ filter: /./ }, async ({ path, pluginData, ...how }) => {
      const isClients = path.startsWith('@kubernetes/client-node') || how.importer.includes('@kubernetes/client-node/');
      if (!isClients || pluginData === 'resolved') return undefined;
      const found = await bundler.resolve(path, { ...how, pluginData: 'resolved' });
      return found.external ? found : { ...found, sideEffects: false };
    });
  },
};

/**
 * dist/cjs/lib/kube/validation/cel.js, in the place of what tsc made of it: the library for CEL is an ES module only, which
 * `require` takes neither in every Node.js that is supported nor in jest. The ES modules import it like any dependency.
 */
export async function bundleCel(): Promise<void> {
  await build({
    absWorkingDir: ROOT,
    tsconfig: 'tsconfig.json',
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    logLevel: 'warning',
    entryPoints: ['lib/kube/validation/cel.ts'],
    outfile: 'dist/cjs/lib/kube/validation/cel.js',
    // One copy of what other files have, too.
    external: ['../quantity.js'],
  });
}
