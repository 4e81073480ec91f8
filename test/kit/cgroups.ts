import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = '/sys/fs/cgroup';

/** The cgroup under which a run's node keeps its pods, as kubelet's `cgroupRoot` names it. */
export function cgroupOf(run: string): string {
  return `/optipod-${run}`;
}

/** Makes the cgroup in every hierarchy: kubelet refuses to start without. */
export function createCgroup(name: string): void {
  const unified = join(root, 'cgroup.controllers');
  if (existsSync(unified)) delegateControllers(unified);
  for (const hierarchy of hierarchies()) {
    const folder = join(hierarchy, name);
    mkdirSync(folder, { recursive: true });
    // In the cpuset hierarchy of cgroup v1 a child starts with no processors at all, and nothing can run in it.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      if (!existsSync(unified) && existsSync(join(folder, file))) {
        writeFileSync(join(folder, file), readFileSync(join(hierarchy, file)));
      }
    }
  }
}

/** Removes the cgroup and all below it. Its processes have ended: the kernel refuses otherwise, and then it stays. */
export function removeCgroup(name: string): void {
  for (const hierarchy of hierarchies()) removeTree(join(hierarchy, name));
}

function removeTree(folder: string): void {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  }
  try {
    rmdirSync(folder);
  } catch {
    // Still in use; the next sweep tries again.
  }
}

/** One folder with cgroup v2, one for each controller with v1. */
function hierarchies(): string[] {
  if (!existsSync(root)) return [];
  if (existsSync(join(root, 'cgroup.controllers'))) return [root];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(root, entry.name));
}

function delegateControllers(file: string): void {
  for (const controller of readFileSync(file, 'utf8').trim().split(' ')) {
    try {
      writeFileSync(join(root, 'cgroup.subtree_control'), `+${controller}`);
    } catch {
      // Not one that can be given to children; kubelet names what it misses.
    }
  }
}
