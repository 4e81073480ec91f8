import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Programs as they are shipped, in a folder that goes with this process: sources would have to be compiled again at every start.
 * @param into writes them
 */
export async function bundled(into: (folder: string) => Promise<void>): Promise<string> {
  // Below node_modules, where the packages are found that stay outside of the bundle.
  const folder = await mkdtemp(join(import.meta.dirname, '../../node_modules/.optipod-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await into(folder);
  return folder;
}
