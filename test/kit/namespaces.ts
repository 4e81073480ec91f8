import { readFileSync, readlinkSync } from 'node:fs';
import { type Component, childrenOf, identify, isRunning, startComponent } from './process.js';
import { waitFor } from './wait.js';

/**
 * Linux namespaces, as a way to end things for certain: when the first process of a PID namespace ends, the kernel ends all
 * others in it and takes their network and mounts down with them, whatever state they are in.
 */
export interface Namespaces {
  /** The first process, as seen from here. */
  readonly firstPid: number;
  /** Ends everything inside. */
  end(): Promise<void>;
}

export interface NamespacesSpec {
  name: string;
  /** Which ones, as unshare's flags; a PID and a mount namespace come in any case. */
  flags?: string[];
  /** What the first process does (sh, `set -e`) before it says it is ready and waits; `$1`… are `args`. */
  script: string;
  args: string[];
  logFolder: string;
  outlivesUs: boolean;
}

/** Whether this process may make namespaces. */
export function canIsolate(): boolean {
  return process.platform === 'linux' && process.getuid?.() === 0;
}

/** Names this process's (or another's) network namespace: equal for two processes exactly when they share it. */
export function networkOf(pid: number | 'self' = 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

export async function createNamespaces(spec: NamespacesSpec): Promise<Namespaces> {
  // A shell that waits also collects the orphans that end up with it, as the first process of a PID namespace has to.
  const script = `set -e\n${spec.script}\nsleep infinity &\necho ready\nwait\n`;
  const flags = [
    '--pid',
    '--mount',
    '--mount-proc',
    '--propagation',
    'slave',
    '--fork',
    '--kill-child',
    ...(spec.flags ?? []),
  ];
  const unshare = startComponent({
    name: spec.name,
    argv: ['unshare', ...flags, '--', 'sh', '-c', script, 'sh', ...spec.args],
    logFolder: spec.logFolder,
    outlivesUs: spec.outlivesUs,
  });
  const firstPid = await firstReady(unshare);
  const first = await identify(firstPid);
  return {
    firstPid,
    async end() {
      await unshare.stop(0);
      await waitFor(`the end of ${spec.name}`, async () => (first && (await isRunning(first)) ? undefined : true), {
        everyMs: 10,
      });
    },
  };
}

function firstReady(unshare: Component): Promise<number> {
  const probe = () => {
    unshare.assertRunning();
    const ready = readFileSync(unshare.logFile, 'utf8').split('\n').includes('ready');
    return ready ? childrenOf(unshare.pid)[0] : undefined;
  };
  return waitFor(unshare.name, probe, { timeoutMs: 10_000, everyMs: 10 });
}

/** The command line that runs a program in the PID and mount namespaces of `firstPid`. The program is a child of nsenter. */
export function inNamespaces(firstPid: number, argv: readonly string[]): [string, ...string[]] {
  return ['nsenter', '--target', String(firstPid), '--pid', '--mount', '--', ...argv];
}
