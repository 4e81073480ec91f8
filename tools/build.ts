/**
 * `npm run build`: what is published and what goes into the image.
 *
 *   dist/esm, dist/cjs           lib, imports and constructs, for both module systems, with declarations
 *   dist/cli                     the command
 *   dist/testing                 the real cluster of test/kit, for the tests of others
 *   dist/image                   the two programs of the image
 *   operator/dist, webhook/dist  the two other packages
 */
import { chmod, cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleCel, bundleCli, bundleImage, bundleOperatorKubeconfig, bundleTesting } from './bundle.js';
import { ROOT, run } from './run.js';

// Archives of images lie in dist/, too, and stay.
const OUTPUTS = ['dist/esm', 'dist/cjs', 'dist/cli', 'dist/testing', 'dist/image', 'operator/dist', 'webhook/dist'];

await Promise.all(OUTPUTS.map((folder) => rm(join(ROOT, folder), { recursive: true, force: true })));
await Promise.all([packages(), commonJs(), command(), testing(), bundleImage()]);

/** Each package is compiled against the declarations of the one before, as its users are. */
async function packages(): Promise<void> {
  for (const project of ['tsconfig.build.json', 'operator/tsconfig.build.json', 'webhook/tsconfig.build.json']) {
    await tsc(project);
  }
  await bundleOperatorKubeconfig();
}

async function commonJs(): Promise<void> {
  await tsc('tsconfig.build.cjs.json');
  await bundleCel();
  await writeFile(join(ROOT, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n');
}

async function command(): Promise<void> {
  await bundleCli();
  await chmod(join(ROOT, 'dist/cli/optipod.js'), 0o755);
}

/** The sources of the programs that it builds lie beside it, as they do in test/kit. */
async function testing(): Promise<void> {
  await bundleTesting();
  await tsc('tsconfig.build.testing.json');
  await cp(join(ROOT, 'test/kit/programs'), join(ROOT, 'dist/testing/programs'), { recursive: true });
  await chmod(join(ROOT, 'dist/testing/cli.js'), 0o755);
}

async function tsc(project: string): Promise<void> {
  await run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project]);
}
