import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerFolder, ROOT } from './cgroup-usage.js';

/** What the kernel gives a container: its weight against others as a request in millicores, bytes, cores. */
export interface CgroupLimits {
  readonly milliCpuRequest: number;
  readonly memoryLimit: number;
  /** Infinity without one. */
  readonly cpuLimit: number;
}

/** @param cgroup what the container is below, as `cgroupOf` names it */
export function cgroupLimits(cgroup: string, containerId: string): CgroupLimits {
  const isUnified = existsSync(join(ROOT, 'cgroup.controllers'));
  const folder = (controller: string) => containerFolder(join(ROOT, isUnified ? '' : controller, cgroup), containerId);
  const read = (controller: string, file: string) => readFileSync(join(folder(controller), file), 'utf8').trim();
  if (isUnified) {
    const [quota = '', period = ''] = read('', 'cpu.max').split(' ');
    const weight = Number(read('', 'cpu.weight'));
    return {
      // The kernel's weight 1 to 10000 for Docker's shares 2 to 262144, of which 1024 are a core.
      milliCpuRequest: ((((weight - 1) * 262_142) / 9999 + 2) / 1024) * 1000,
      memoryLimit: Number(read('', 'memory.max')),
      cpuLimit: quota === 'max' ? Infinity : Number(quota) / Number(period),
    };
  }
  const quota = Number(read('cpu', 'cpu.cfs_quota_us'));
  return {
    milliCpuRequest: (Number(read('cpu', 'cpu.shares')) / 1024) * 1000,
    memoryLimit: Number(read('memory', 'memory.limit_in_bytes')),
    cpuLimit: quota < 0 ? Infinity : quota / Number(read('cpu', 'cpu.cfs_period_us')),
  };
}

/** The processors that a container may run on, as the kernel lists them: `0-1`. @param cgroup as above */
export function cgroupCpus(cgroup: string, containerId: string): string {
  const isUnified = existsSync(join(ROOT, 'cgroup.controllers'));
  const folder = containerFolder(join(ROOT, isUnified ? '' : 'cpuset', cgroup), containerId);
  return readFileSync(join(folder, 'cpuset.cpus'), 'utf8').trim();
}
