import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { bundleImage } from '../../tools/bundle.js';
import { diesWithUs } from '../kit/process.js';
import { bundled } from './bundled.js';

/** One of OptiPod's own programs, running beside this process, which it does not outlive. */
export interface OptipodProcess {
  readonly child: ChildProcess;
  /** All that it wrote, once it has ended. */
  readonly stdout: Promise<string>;
  readonly stderr: Promise<string>;
  /** The exit code, or the signal that ended it. */
  readonly exit: Promise<number | string | null>;
}

/** Once for all files of tests. */
let programs: Promise<string> | undefined;

/** Starts one of the image's programs. @param env besides this process's own */
export async function startOptipod(
  which: 'operator' | 'webhook',
  env: Readonly<Record<string, string>>,
  flags: readonly string[] = [],
): Promise<OptipodProcess> {
  programs ??= bundled(bundleImage);
  const file = join(await programs, `${which}.js`);
  const [program, ...args] = diesWithUs([process.execPath, file, ...flags]);
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    child,
    stdout: text(child.stdout),
    stderr: text(child.stderr),
    exit: once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string | null),
  };
}
