import { type Lock, acquireLock } from './lock.js';
import type { Progress } from './programs.js';

/**
 * A node believes that the machine's processors and memory are its own, so runs that measure on one take turns. A run that may
 * be left running takes none: it would block every test until somebody remembers it, and it shares nothing but speed.
 */
const lockFile = '/run/lock/optipod-kit-node';

/** Waits until no other run has the turn; it ends with `release`, or with this process. */
export function takeTurn(run: string, progress: Progress): Promise<Lock> {
  return acquireLock(lockFile, {
    holder: `run ${run} (since ${new Date().toISOString()}, process ${process.pid})`,
    waiting: (holder) => progress(`waiting for this machine's node, which ${holder} has`),
  });
}
