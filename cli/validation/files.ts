import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

/** A file to read, `-` for stdin. */
export interface Input {
  readonly file: string;
  /** Asked for by name, not found in a folder. */
  readonly named: boolean;
}

const MANIFEST = /\.(ya?ml|json)$/;
/** Other people's, and never manifests of one's own. */
const SKIPPED = ['node_modules', '.git'];

/** What an argument stands for: a file or stdin itself, a folder for all manifests in it and below. Rejects where there is none. */
export async function inputsOf(argument: string): Promise<Input[]> {
  if (argument === '-' || !(await stat(argument)).isDirectory()) return [{ file: argument, named: true }];
  return (await manifestsBelow(argument)).map((file) => ({ file, named: false }));
}

async function manifestsBelow(folder: string): Promise<string[]> {
  const entries = (await readdir(folder, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1));
  const files: string[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    // Links to folders can lead in circles; those to files are what Git checks out for a shared manifest.
    if (entry.isDirectory()) files.push(...(SKIPPED.includes(entry.name) ? [] : await manifestsBelow(path)));
    else if (MANIFEST.test(entry.name) && (entry.isFile() || (await isLinkToFile(path)))) files.push(path);
  }
  return files;
}

async function isLinkToFile(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true;
}

/** @throws for what cannot be read, or is no text. */
export async function contentOf({ file }: Input): Promise<string> {
  const bytes = file === '-' ? await buffer(process.stdin) : await readFile(file);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error(`${file}: is not UTF-8`);
  }
}
