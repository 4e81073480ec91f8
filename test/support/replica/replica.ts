import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { diesWithUs } from '../../kit/process.js';

const ROOT = join(import.meta.dirname, '../../..');

/** A process of `main.ts`. */
export interface Replica {
  readonly identity: string;
  readonly child: ChildProcess;
  readonly stdout: Promise<string>;
  readonly stderr: Promise<string>;
  /** The code, or the signal that ended it. */
  readonly exit: Promise<number | string | null>;
  readonly signal: (signal: NodeJS.Signals) => void;
}

export interface ReplicaOptions {
  readonly namespace: string;
  readonly identity: string;
  /** How it reaches the Lease and reads, and how it writes where there is no other. */
  readonly kubeconfig: string;
  readonly writesKubeconfig?: string;
}

export function startReplica({
  namespace,
  identity,
  kubeconfig,
  writesKubeconfig = kubeconfig,
}: ReplicaOptions): Replica {
  const main = join(import.meta.dirname, 'main.ts');
  const [program, ...args] = diesWithUs([process.execPath, '--import', 'tsx', main, namespace, identity]);
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, KUBECONFIG: kubeconfig, WRITES_KUBECONFIG: writesKubeconfig },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return {
    identity,
    child,
    stdout: text(child.stdout),
    stderr: text(child.stderr),
    exit: once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string | null),
    signal: (signal) => void child.kill(signal),
  };
}
