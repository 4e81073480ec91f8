import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What the kernel counted for a container: seconds since 1970, CPU seconds, bytes. */
export interface CgroupReading {
  readonly at: number;
  readonly cpuSeconds: number;
  /** Without what the kernel can drop at once: what Kubernetes calls the working set. */
  readonly workingSet: number;
}

export const ROOT = '/sys/fs/cgroup';

/** Reads a container's counters at intervals, until stopped. @param cgroup what it is below, as `cgroupOf` names it */
export function recordCgroup(
  cgroup: string,
  containerId: string,
  everyMs: number,
): { readonly readings: readonly CgroupReading[]; stop(): void } {
  const read = reader(cgroup, containerId);
  const readings = [read()];
  const timer = setInterval(() => readings.push(read()), everyMs);
  return { readings, stop: () => clearInterval(timer) };
}

function reader(cgroup: string, containerId: string): () => CgroupReading {
  const folderIn = (hierarchy: string) => containerFolder(join(ROOT, hierarchy, cgroup), containerId);
  const isUnified = existsSync(join(ROOT, 'cgroup.controllers'));
  const [cpu, memory] = isUnified ? [folderIn(''), folderIn('')] : [folderIn('cpuacct'), folderIn('memory')];
  const number = (folder: string, file: string) => Number(readFileSync(join(folder, file), 'utf8'));
  const line = (folder: string, file: string, key: string) =>
    Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(readFileSync(join(folder, file), 'utf8'))?.[1]);
  return () => ({
    at: Date.now() / 1000,
    cpuSeconds: isUnified ? line(cpu, 'cpu.stat', 'usage_usec') / 1e6 : number(cpu, 'cpuacct.usage') / 1e9,
    workingSet: isUnified
      ? number(memory, 'memory.current') - line(memory, 'memory.stat', 'inactive_file')
      : number(memory, 'memory.usage_in_bytes') - line(memory, 'memory.stat', 'total_inactive_file'),
  });
}

/** The folder of a container: below its pod's, which is below that of a QoS class. */
export function containerFolder(below: string, containerId: string): string {
  for (const folder of foldersBelow(below)) if (basename(folder) === containerId) return folder;
  throw new Error(`no cgroup of ${containerId} below ${below}`);
}

/** Those of containers that end meanwhile may be among them or not. */
function* foldersBelow(folder: string): Generator<string> {
  for (const name of foldersIn(folder)) {
    yield join(folder, name);
    yield* foldersBelow(join(folder, name));
  }
}

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Seconds since 1970. */
export interface ReadingSpan {
  readonly from: number;
  readonly to: number;
}

/** Cores on average over a span. */
export function coresOver(readings: readonly CgroupReading[], { from, to }: ReadingSpan): number {
  return (cpuSecondsAt(readings, to) - cpuSecondsAt(readings, from)) / (to - from);
}

/** Between two readings in proportion; before the first nothing was used yet. */
function cpuSecondsAt(readings: readonly CgroupReading[], at: number): number {
  const index = readings.findIndex((reading) => reading.at >= at);
  const [before, after] = [readings[index - 1], readings[index]];
  if (!after) throw new RangeError(`nothing was read after ${at}`);
  if (!before) return 0;
  return before.cpuSeconds + ((after.cpuSeconds - before.cpuSeconds) * (at - before.at)) / (after.at - before.at);
}

export function workingSetsWithin(readings: readonly CgroupReading[], { from, to }: ReadingSpan): number[] {
  return readings.filter(({ at }) => at >= from && at <= to).map(({ workingSet }) => workingSet);
}
