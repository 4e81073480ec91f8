import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isLocked } from './lock.js';
import { type ProcessIdentity, identify, isRunning } from './process.js';

/** `run.json`. */
export interface RunRecord {
  name: string;
  detachable: boolean;
  detached: boolean;
  /** ISO 8601. */
  started: string;
  /** Who opened it. */
  owner: ProcessIdentity;
  /** The first process of its namespaces. */
  first?: ProcessIdentity;
  /** Its network namespace. */
  network?: string;
  /** Programs of a run that has no namespaces, which would end them. */
  processes: ProcessIdentity[];
}

/** Notes a program of a run, so that a later sweep can end it where no namespace does. */
export async function recordProcess(folder: string, pid: number): Promise<void> {
  const identity = await identify(pid);
  // Read and written in one go: programs start side by side.
  const record = recordOf(folder);
  if (record.first === undefined && identity !== undefined)
    writeRecord(folder, { ...record, processes: [...record.processes, identity] });
}

/** One that could be left running but was not is over when its owner is, as any other. */
export async function isAlive(folder: string, record: RunRecord): Promise<boolean> {
  if (!record.detached && !(await isRunning(record.owner))) return false;
  if (record.first !== undefined) return isLocked(lockFile(folder));
  const running = await Promise.all(record.processes.map(isRunning));
  return !record.detached || running.includes(true);
}

/** Locked as long as the run's namespaces live. */
export const lockFile = (folder: string) => join(folder, 'alive.lock');
const recordFile = (folder: string) => join(folder, 'run.json');

export function writeRecord(folder: string, record: RunRecord): void {
  const partial = `${recordFile(folder)}.partial`;
  writeFileSync(partial, JSON.stringify(record, null, 2));
  renameSync(partial, recordFile(folder));
}

export function readRecord(folder: string): RunRecord | undefined {
  return existsSync(recordFile(folder))
    ? (JSON.parse(readFileSync(recordFile(folder), 'utf8')) as RunRecord)
    : undefined;
}

export function recordOf(folder: string): RunRecord {
  const record = readRecord(folder);
  if (record === undefined) throw new Error(`there is no run in ${folder}`);
  return record;
}
