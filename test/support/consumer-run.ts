import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Files of an app, in folders that are made where they are not there. */
export async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
}

/** A program of an app's own node_modules. */
export function npx(folder: string, program: string, ...args: readonly string[]): Promise<string> {
  return run(join(folder, 'node_modules/.bin', program), args, folder);
}

/** What a program wrote to stdout, and jest to stderr; rejects with everything it wrote when it fails. */
export async function run(program: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    // What jest and cdk8s leave in the temporary folder goes with the app.
    const env = { ...process.env, TMPDIR: cwd };
    const { stdout, stderr } = await promisify(execFile)(program, args, { cwd, env });
    return stdout + (program.endsWith('jest') ? stderr : '');
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`, { cause: error });
  }
}
