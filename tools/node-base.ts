/** A base image without a registry: the Node.js of the npm package, and the shared libraries that it names. */
import { chmod, copyFile, cp, mkdir, mkdtemp, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { imageCache, type Buildah } from './buildah.js';
import { run, type Progress } from './run.js';

const PACKAGE = `node-linux-${process.arch}`;
const MAJOR = 24;

/** Says what is inside, so that a change of it makes another image. */
const RECIPE = 1;

/** Makes the base image, or finds the one made before; its name. */
export async function nodeBase(buildah: Buildah, progress: Progress): Promise<string> {
  const node = await imageNode(progress);
  const name = `localhost/optipod-node:${node.version}-${String(RECIPE)}`;
  const names = await buildah(['images', '--format', '{{.Name}}:{{.Tag}}']);
  if (names.split('\n').includes(name)) return name;
  progress(`making a base image of Node.js ${node.version}`);
  const context = await mkdtemp(join(imageCache(), 'base-'));
  try {
    await rootFilesystem(node.program, join(context, 'rootfs'));
    const containerfile = 'FROM scratch\nCOPY rootfs /\nENV PATH=/usr/local/bin:/usr/bin:/bin\n';
    await writeFile(join(context, 'Containerfile'), containerfile);
    await buildah(['build', '--isolation', 'chroot', '--tag', name, context]);
  } finally {
    await rm(context, { recursive: true, force: true });
  }
  return name;
}

/** The Node.js that is in the image, as the npm package brings it. */
export async function imageNode(progress: Progress): Promise<{ version: string; program: string }> {
  const folder = join(imageCache(), `${PACKAGE}-${String(MAJOR)}`);
  const installed = join(folder, 'node_modules', PACKAGE);
  const manifest = join(installed, 'package.json');
  if ((await readFile(manifest).catch(() => undefined)) === undefined) {
    progress(`installing ${PACKAGE}@${String(MAJOR)} into the cache`);
    await mkdir(imageCache(), { recursive: true });
    // Complete or not there at all, whenever this process ends.
    const partial = await mkdtemp(join(imageCache(), 'npm-'));
    try {
      const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--workspaces=false'];
      await run('npm', ['install', '--prefix', partial, ...flags, `${PACKAGE}@${String(MAJOR)}`], partial);
      await rename(partial, folder);
    } catch (error) {
      // Another process may have been faster.
      if ((await readFile(manifest).catch(() => undefined)) === undefined) throw error;
    } finally {
      await rm(partial, { recursive: true, force: true });
    }
  }
  const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { version: string };
  return { version, program: join(installed, 'bin/node') };
}

async function rootFilesystem(program: string, folder: string): Promise<void> {
  await mkdir(join(folder, 'usr/local/bin'), { recursive: true });
  await cp(program, join(folder, 'usr/local/bin/node'));
  for (const library of await sharedLibraries(program)) {
    await mkdir(join(folder, dirname(library)), { recursive: true });
    await copyFile(await realpath(library), join(folder, library));
  }
  await mkdir(join(folder, 'etc'));
  await writeFile(join(folder, 'etc/passwd'), 'root:x:0:0::/:/none\noptipod:x:65532:65532::/:/none\n');
  await writeFile(join(folder, 'etc/group'), 'root:x:0:\noptipod:x:65532:\n');
  await mkdir(join(folder, 'tmp'));
  await chmod(join(folder, 'tmp'), 0o1777);
}

/** Absolute paths: `libm.so.6 => /lib/…/libm.so.6 (0x…)`, and the loader itself: `/lib64/ld-linux-x86-64.so.2 (0x…)`. */
async function sharedLibraries(program: string): Promise<string[]> {
  const lines = (await run('ldd', [program])).split('\n');
  return lines.flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}
