/** The packages as they are built and published, once for all tests of a process. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, run } from '../../tools/run.js';

let building: Promise<unknown> | undefined;
let packing: Promise<string> | undefined;

/** `npm run build`. */
export async function built(): Promise<void> {
  building ??= run(process.execPath, ['--import', 'tsx', join(ROOT, 'tools/build.ts')]);
  await building;
}

/** The archive that `npm pack` makes of `optipod`, built. */
export function packed(): Promise<string> {
  packing ??= pack();
  return packing;
}

async function pack(): Promise<string> {
  await built();
  const folder = await mkdtemp(join(tmpdir(), 'optipod-pack-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const said = await run('npm', ['pack', '--json', '--workspaces=false', '--pack-destination', folder]);
  const listed = Object.values(JSON.parse(said) as Record<string, { readonly filename: string }>);
  const [{ filename } = { filename: '' }] = listed;
  return join(folder, filename);
}
