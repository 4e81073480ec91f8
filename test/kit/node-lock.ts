import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { StartOptions } from './control-plane.js';
import { CannotRun } from './errors.js';
import type { Component } from './process.js';
import type { Progress } from './programs.js';
import { type Run, recordOf } from './runs.js';
import { waitFor } from './wait.js';

/** A node believes that the machine's processors and memory are its own: two would spoil each other's measurements. */
const lockFile = '/run/lock/optipod-kit-node';

interface Holder {
  run: string;
  /** Whether it may stay until someone stops it. */
  detachable: boolean;
  since: string;
}

type StartAny = (argv: [string, ...string[]], options: StartOptions & { as: string }) => Promise<Component>;

// Longer than a whole test run takes.
const patienceMs = 20 * 60_000;

/**
 * Waits for the machine's one node to be free and holds it as long as the run, or until the cluster stops. Throws
 * `CannotRun` at once when the holder is one that only a person ends.
 */
export async function holdNode(run: Run, start: StartAny, progress: Progress): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (let told = 0; ;) {
    const attempt = [
      'flock',
      '--nonblock',
      '--no-fork',
      lockFile,
      'sh',
      '-c',
      'echo held $$ && exec sleep infinity',
    ] as const;
    const holder = await start([...attempt], { as: 'node-lock' });
    if (await isHeldBy(holder)) break;
    const other = readHolder();
    const words = `run ${other?.run ?? '?'} has this machine's node since ${other?.since ?? '?'}`;
    const remedy = `"npm run cluster -- down --name ${other?.run ?? '?'}" ends it`;
    if (other?.detachable === true || Date.now() > deadline)
      throw new CannotRun(`Wait or stop it: ${words}; ${remedy}.`);
    if (Date.now() - told > 15_000) {
      progress(`waiting: ${words} (${remedy})`);
      told = Date.now();
    }
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  const { detachable, started } = recordOf(run.folder);
  writeFileSync(lockFile, JSON.stringify({ run: run.name, detachable, since: started } satisfies Holder));
}

function isHeldBy(holder: Component): Promise<boolean> {
  const probe = () => {
    if (readFileSync(holder.logFile, 'utf8').includes(`held ${holder.pid}\n`)) return true;
    return holder.hasEnded() ? false : undefined;
  };
  return waitFor('the lock of the node', probe, { timeoutMs: 10_000, everyMs: 20 });
}

function readHolder(): Holder | undefined {
  try {
    return existsSync(lockFile) ? (JSON.parse(readFileSync(lockFile, 'utf8')) as Holder) : undefined;
  } catch {
    // Its holder is about to write it.
    return undefined;
  }
}
