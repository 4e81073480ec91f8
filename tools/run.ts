import { spawn } from 'node:child_process';
import { join } from 'node:path';

/** The repository. */
export const ROOT = join(import.meta.dirname, '..');

/** Says what is being done, for whoever waits. */
export type Progress = (message: string) => void;

/** Runs a program to its end; what it wrote is in the error when it fails, and the answer when it does not. */
export async function run(program: string, args: readonly string[], cwd: string = ROOT): Promise<string> {
  const child = spawn(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const written: { stdout: string; all: string } = { stdout: '', all: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    written.stdout += text;
    written.all += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.all += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code === 0) return written.stdout;
  throw new Error(`${program} ${args.join(' ')} ended with ${String(code)}\n${written.all.trim()}`);
}
