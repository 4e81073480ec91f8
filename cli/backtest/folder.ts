import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Refused } from '../refused.js';
import { parseCsv } from './csv.js';
import type { Trace } from './trace.js';

/** A trace in a file of its own, read when it is its turn: a fleet need not be in memory at once. */
export interface TraceSource {
  readonly name: string;
  read(): Promise<Trace>;
}

/**
 * The *.csv files in a folder, each one workload that is named as the file; a file stands for itself.
 * @throws Refused where there is none
 */
export async function tracesIn(path: string): Promise<readonly TraceSource[]> {
  const files = (await stat(path).catch(missing)).isDirectory()
    ? (await readdir(path))
        .filter((name) => name.endsWith('.csv'))
        .sort()
        .map((name) => join(path, name))
    : [path];
  if (files.length === 0) throw new Refused(`${path}: there is no *.csv in it`);
  return files.map((file) => {
    const name = basename(file, '.csv');
    return { name, read: async () => parseCsv(name, file, await readFile(file, 'utf8').catch(missing)) };
  });
}

function missing(error: unknown): never {
  const { code, path, message } = error as NodeJS.ErrnoException;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EISDIR: 'is a directory',
  };
  throw new Refused(`${path ?? 'input'}: ${reasons[code ?? ''] ?? message}`);
}
