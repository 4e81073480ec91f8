import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { diesWithUs } from '../kit/process.js';

const ROOT = join(import.meta.dirname, '..', '..');

/** One of OptiPod's own programs, running beside this process, which it does not outlive. */
export interface OptipodProcess {
  readonly child: ChildProcess;
  /** All that it wrote, once it has ended. */
  readonly stdout: Promise<string>;
  readonly stderr: Promise<string>;
  /** The exit code, or the signal that ended it. */
  readonly exit: Promise<number | string | null>;
}

/** Starts `operator/main.ts` or `webhook/main.ts`. @param env besides this process's own */
export function startOptipod(
  which: 'operator' | 'webhook',
  env: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): OptipodProcess {
  const main = join(ROOT, which, 'main.ts');
  const [program, ...args] = diesWithUs([process.execPath, '--import', 'tsx', main, ...flags]);
  const child = spawn(program, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    child,
    stdout: text(child.stdout),
    stderr: text(child.stderr),
    exit: once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string | null),
  };
}
