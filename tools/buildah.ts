/** buildah with storage of its own in the user's cache, so that it needs neither a daemon nor any setup. */
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run, type Progress } from './run.js';

/** What is kept between builds: base images and what they are made of. Outside the repository, for every checkout. */
export function imageCache(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'optipod-image');
}

export type Buildah = (args: readonly string[]) => Promise<string>;

/** Throws, with what to do, where there is no buildah and it cannot be installed. */
export async function buildah(progress: Progress): Promise<Buildah> {
  if (!(await isInstalled())) await install(progress);
  const folder = join(imageCache(), 'buildah');
  await mkdir(folder, { recursive: true });
  // A machine on which nobody has run containers may have no policy, and buildah does nothing without one.
  const policy = join(folder, 'policy.json');
  await writeFile(policy, JSON.stringify({ default: [{ type: 'insecureAcceptAnything' }] }));
  const storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
  return ([command = '', ...args]) => {
    const trusting = ['build', 'push'].includes(command) ? ['--signature-policy', policy] : [];
    return run('buildah', [...storage, command, ...trusting, ...args]);
  };
}

async function isInstalled(): Promise<boolean> {
  return run('buildah', ['--version']).then(
    () => true,
    () => false,
  );
}

async function install(progress: Progress): Promise<void> {
  const advice = 'Images are made with buildah: install it (apt-get install buildah)';
  if (process.platform !== 'linux' || process.getuid?.() !== 0) throw new Error(`${advice}.`);
  progress('installing the Debian package buildah');
  const args = ['install', '--yes', '--no-install-recommends', 'buildah'];
  try {
    // The lists of packages may be absent or old.
    await run('apt-get', args).catch(() => run('apt-get', ['update']).then(() => run('apt-get', args)));
  } catch (error) {
    throw new Error(`${advice}; apt-get could not.`, { cause: error });
  }
}
