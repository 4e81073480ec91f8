import { readFileSync } from 'node:fs';

/** The kernel counts CPU time in hundredths of a second, on every Linux there is. */
const TICK_MS = 10;

/** Milliseconds on a processor so far, of all threads, those of the kernel for it among them. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, 'utf8');
  const [user = 0, system = 0] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (user + system) * TICK_MS;
}

/** The most that it had resident so far. */
export function peakMiBOf(pid: number): number {
  const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}
