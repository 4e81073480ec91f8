/** `npm run image -- [--tag NAME] [--base IMAGE|npm] [--output FILE]`: OptiPod's image as a docker-archive. */
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { buildah } from './buildah.js';
import { bundleImage } from './bundle.js';
import { nodeBase } from './node-base.js';
import { ROOT, type Progress } from './run.js';

export interface ImageOptions {
  /** @default 'optipod:dev' */
  readonly tag?: string;
  /**
   * The image to build on; `npm` makes one of the npm package of Node.js, which needs no registry of images.
   * @default the one that the Containerfile names
   */
  readonly base?: string;
  /** Where the archive goes. @default 'dist/optipod-image.tar' */
  readonly output?: string;
  readonly progress?: Progress;
}

/** Bundles the programs and builds the image. Returns the absolute path of the archive. */
export async function buildImage(options: ImageOptions = {}): Promise<string> {
  const { tag = 'optipod:dev', base, progress = () => undefined } = options;
  const output = resolve(options.output ?? join(ROOT, 'dist/optipod-image.tar'));
  const run = await buildah(progress);
  const from = base === 'npm' ? await nodeBase(run, progress) : base;
  progress('bundling operator and webhook');
  await bundleImage();
  progress(`building ${tag}`);
  const baseArgument = from === undefined ? [] : ['--build-arg', `BASE=${from}`];
  const containerfile = ['--file', join(ROOT, 'Containerfile'), ROOT];
  // Without a name in the storage: builds of one tag from two checkouts do not meet.
  const id = (await run(['build', '--quiet', '--isolation', 'chroot', ...baseArgument, ...containerfile])).trim();
  const partial = `${output}.${String(process.pid)}.partial`;
  try {
    await mkdir(dirname(output), { recursive: true });
    await run(['push', id, `docker-archive:${partial}:${tag}`]);
    // An archive is never half there, and never added to.
    await rename(partial, output);
  } finally {
    await rm(partial, { force: true });
    await run(['rmi', '--force', id]).catch(() => undefined);
  }
  return output;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const { values } = parseArgs({
    options: { tag: { type: 'string' }, base: { type: 'string' }, output: { type: 'string' } },
  });
  try {
    console.log(await buildImage({ ...values, progress: (message) => console.error(message) }));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
