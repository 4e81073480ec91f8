import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Locks are flock(2) locks held by a child process: the kernel frees them when the holder dies, however it dies, and they mean
 * the same in every PID namespace, which a file with a process id in it would not.
 */
export interface Lock {
  release(): Promise<void>;
}

export interface LockOptions {
  /** Who holds it, for those who wait. */
  holder: string;
  /** Called with the holder's own words when the lock is taken, then every 10 s; throw to give up. */
  waiting: (holder: string) => void;
}

const HELD = 75;

export async function acquireLock(file: string, options: LockOptions): Promise<Lock> {
  mkdirSync(dirname(file), { recursive: true });
  for (let attempt = 0; ; attempt++) {
    const lock = await tryLock(file);
    if (lock !== undefined) {
      writeFileSync(file, options.holder);
      return lock;
    }
    if (attempt % 20 === 0) options.waiting(readFileSync(file, 'utf8') || 'another process');
    await pause(500);
  }
}

/** Whether some living process holds the lock on `file`. */
export async function isLocked(file: string): Promise<boolean> {
  const lock = await tryLock(file);
  await lock?.release();
  return lock === undefined;
}

/** The holder ends when its standard input does, which is when this process ends or lets go. */
async function tryLock(file: string): Promise<Lock | undefined> {
  const args = ['--nonblock', '--conflict-exit-code', String(HELD), '--no-fork', file];
  const child = spawn('flock', [...args, 'sh', '-c', 'echo held && exec cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  const held = await Promise.race([
    new Promise<true>((resolve) => child.stdout.once('data', () => resolve(true))),
    exited.then((code) => {
      if (code === HELD) return false;
      throw new Error(`flock ${file} exited with ${code ?? 'a signal'}`);
    }),
  ]);
  if (!held) return undefined;
  // Holding a lock is no reason for this process to stay.
  child.stdout.destroy();
  child.unref();
  return {
    async release() {
      child.ref();
      child.stdin.end();
      if (child.exitCode === null && child.signalCode === null) await exited;
    },
  };
}
