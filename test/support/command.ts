import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { bundleCli, bundleCommands } from '../../tools/bundle.js';
import { bundled } from './bundled.js';

/** How a command ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What it said on stderr, but for how far it was: that depends on how fast the machine is. */
export function saidBy({ stderr }: Outcome): string {
  return stderr.replaceAll(/^optipod: \d+ of \d+: .*\n/gm, '');
}

/** Runs `optipod`, bundled as it is published. */
export async function optipod(
  args: readonly string[],
  {
    cwd,
    input = '',
    env = {},
  }: {
    readonly cwd?: string;
    readonly input?: string | Uint8Array;
    readonly env?: Readonly<Record<string, string>>;
  } = {},
): Promise<Outcome> {
  const asksCluster = args.includes('--kubeconfig') || 'KUBECONFIG' in env;
  const folder = asksCluster ? (whole ??= bundled(bundleCli)) : (offline ??= bundled(bundleCommands));
  return run(join(await folder, 'optipod.js'), args, { cwd, input, env });
}

function run(
  program: string,
  args: readonly string[],
  { cwd, input, env }: { readonly cwd: string | undefined; readonly input: string | Uint8Array; readonly env: object },
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [program, ...args],
      { cwd, env: { ...process.env, ...env } },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
    child.stdin?.end(input);
  });
}

/** Once for all files of tests. */
let offline: Promise<string> | undefined;

/** With what reads kubeconfigs. */
let whole: Promise<string> | undefined;
