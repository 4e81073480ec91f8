import { accessSync, chmodSync, constants, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { command } from './command.js';
import { CannotRun, messageOf } from './errors.js';
import { cacheFolder } from './folders.js';
import { acquireLock } from './lock.js';
import type { Progress } from './programs.js';

/** Debian package → a program of it that the kit runs. */
const isolation = { iproute2: 'ip', 'util-linux': 'unshare' };
const node = {
  runc: 'runc',
  'containernetworking-plugins': '/usr/lib/cni/bridge',
  nftables: 'nft',
  prometheus: 'prometheus',
};

const packagesOf: Readonly<Record<PackagesFor, Readonly<Record<string, string>>>> = {
  'control-plane': isolation,
  node: { ...isolation, ...node },
  bench: { wrk: 'wrk' },
};

/** A level of cluster, or what benchmarks run besides. */
export type PackagesFor = 'control-plane' | 'node' | 'bench';

const stillWorks: Readonly<Record<PackagesFor, string>> = {
  'control-plane': 'npm run test:unit works without them',
  node: 'the control-plane and unit tests work without them',
  bench: 'all tests work without them',
};

/** Packages of a level whose programs are not there. */
export function missingPackages(level: PackagesFor): string[] {
  return Object.entries(packagesOf[level])
    .filter(([, program]) => findProgram(program) === undefined)
    .map(([name]) => name);
}

/** Where a program of the system is; sbin is looked at even where PATH leaves it out. */
export function findProgram(program: string): string | undefined {
  if (program.startsWith('/')) return existsSync(program) ? program : undefined;
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, program)).find((path) => isExecutable(path));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Installs the Debian packages that a level needs and this machine lacks, naming them first.
 * Throws `CannotRun` where it may not (`install` is false, not root) or cannot (no apt-get, no network).
 */
export async function ensurePackages(
  level: PackagesFor,
  options: { install: boolean; progress: Progress },
): Promise<void> {
  if (missingPackages(level).length === 0) return;
  const lock = await acquireLock(join(cacheFolder(), 'apt.lock'), {
    holder: `process ${process.pid}`,
    waiting: (holder) => options.progress(`waiting for ${holder}, which installs packages`),
  });
  try {
    const missing = missingPackages(level);
    if (missing.length > 0) await install(missing, level, options);
  } finally {
    await lock.release();
  }
}

async function install(
  missing: string[],
  level: PackagesFor,
  options: { install: boolean; progress: Progress },
): Promise<void> {
  const still = stillWorks[level];
  const names = missing.join(' ');
  const can = options.install && process.getuid?.() === 0 && findProgram('apt-get') !== undefined;
  if (!can) throw new CannotRun(`Install these packages (apt-get install ${names}); ${still}.`);
  options.progress(`installing Debian packages: ${names}`);
  try {
    await withoutStartingServices(async () => {
      const args = ['install', '--yes', '--no-install-recommends', ...missing];
      const first = await apt(args, true);
      if (first === 0) return;
      // The lists may be absent (a fresh container) or old (a version that is no longer served).
      await apt(['update'], false);
      await apt(args, false);
    });
  } catch (error) {
    const said = messageOf(error).trim().split('\n').at(-1) ?? '';
    throw new CannotRun(`apt-get could not install ${names} (${said}): install them yourself; ${still}.`, {
      cause: error,
    });
  }
}

async function apt(args: string[], allowFailure: boolean): Promise<number> {
  const { code } = await command('apt-get', args, { env: { DEBIAN_FRONTEND: 'noninteractive' }, allowFailure });
  return code;
}

const policy = '/usr/sbin/policy-rc.d';
const kept = `${policy}.before-optipod-kit`;

/** Debian asks policy-rc.d before it starts a service of a package; 101 is "no". The machine's own policy is put back. */
async function withoutStartingServices(work: () => Promise<void>): Promise<void> {
  // One that is still there was left by an installation that was killed: what it kept is the machine's own.
  if (existsSync(policy) && !existsSync(kept)) renameSync(policy, kept);
  writeFileSync(policy, '#!/bin/sh\nexit 101\n');
  chmodSync(policy, 0o755);
  try {
    await work();
  } finally {
    if (existsSync(kept)) renameSync(kept, policy);
    else rmSync(policy, { force: true });
  }
}
