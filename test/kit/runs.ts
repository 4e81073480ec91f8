import { spawn, type StdioOptions } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { cgroupOf, removeCgroup } from './cgroups.js';
import { type CommandOptions, type CommandResult, command } from './command.js';
import { CannotRun } from './errors.js';
import { runsFolder } from './folders.js';
import { acquireLock } from './lock.js';
import { canIsolate, networkOf } from './namespaces.js';
import { createNetwork, inNetwork } from './network.js';
import { identify, isRunning } from './process.js';
import type { Level } from './connection.js';
import type { Progress } from './programs.js';
import { type RunRecord, isAlive, lockFile, readRecord, recordOf, writeRecord } from './run-record.js';
import { takeTurn } from './turn.js';
import { waitFor } from './wait.js';

/**
 * A place in which clusters run: a folder and, as root on Linux, namespaces. Without namespaces its clusters are on
 * loopback with free ports.
 */
export interface Run {
  readonly name: string;
  readonly folder: string;
  /** Whether it has its own network; a node needs one. */
  readonly isolated: boolean;
  /** From now on it stays when this process ends, until `close`. Only for one that was opened `detachable`. */
  detach(): void;
  /** Ends everything in it and removes the folder. Idempotent. */
  close(): Promise<void>;
}

export interface RunOptions {
  /** Unique among those that are up. @default a random one */
  name?: string;
  /** It may be left running, with `detach`. @default false: the kernel ends it with this process */
  detachable?: boolean;
  /** For a node: waits until no other run measures on one, unless `detachable`. @default 'control-plane' */
  level?: Level;
  /** Told what is waited for. */
  progress?: Progress;
  /** No namespaces even where there could be: for clusters of a process that is not inside of any. @default false */
  loopback?: boolean;
}

const variable = 'OPTIPOD_KIT_RUN';

/**
 * Opens a run, after removing what dead ones have left. Throws `CannotRun` when one of that name is up.
 * What the run needs from outside (programs, packages) is prepared before: there is no way out of its network.
 */
export async function openRun(options: RunOptions = {}): Promise<Run> {
  if (currentRun() !== undefined) throw new Error('a run cannot be opened inside another');
  const { name = randomBytes(4).toString('hex'), progress = () => undefined } = options;
  const turn = options.level === 'node' && options.detachable !== true ? await takeTurn(name, progress) : undefined;
  try {
    const run = await alone(async () => {
      await sweep();
      return createRun(name, options);
    });
    const close = async () => {
      await run.close();
      await turn?.release();
    };
    return { ...run, close };
  } catch (error) {
    await turn?.release();
    throw error;
  }
}

/** One at a time, so that nobody sweeps what another is making. Without root there is nothing of the kernel's to lock. */
async function alone<T>(work: () => Promise<T>): Promise<T> {
  const file = join(runsFolder(), '.lock');
  const lock = canIsolate() ? await acquireLock(file, { holder: '', waiting: () => undefined }) : undefined;
  try {
    return await work();
  } finally {
    await lock?.release();
  }
}

async function createRun(name: string, { detachable = false, loopback = false }: RunOptions): Promise<Run> {
  if (!/^[a-z0-9][a-z0-9-]{0,30}$/.test(name))
    throw new CannotRun(`"${name}" is no name for a run: use a-z, 0-9 and dashes.`);
  const folder = join(runsFolder(), name);
  if (readRecord(folder))
    throw new CannotRun(`A run named ${name} is up: "npm run cluster -- down --name ${name}" stops it.`);
  const owner = await identify(process.pid);
  if (owner === undefined) throw new Error('this process cannot see itself in the process list');
  const record: RunRecord = {
    name,
    detachable,
    detached: false,
    started: new Date().toISOString(),
    owner,
    processes: [],
  };
  mkdirSync(runsFolder(), { recursive: true });
  // A folder never shows up without its record, whenever we are killed.
  const partial = mkdtempSync(join(runsFolder(), '.new-'));
  writeRecord(partial, record);
  renameSync(partial, folder);
  if (canIsolate() && !loopback) {
    const { firstPid } = await createNetwork(folder, lockFile(folder), detachable);
    const first = await identify(firstPid);
    const network = networkOf(firstPid);
    if (first === undefined || network === undefined) throw new Error(`the first process of run ${name} is gone`);
    writeRecord(folder, { ...record, first, network });
  }
  return runAt(folder);
}

/** The run this process is inside of, or `undefined`. */
export function currentRun(): Run | undefined {
  const folder = process.env[variable];
  const record = folder === undefined ? undefined : readRecord(folder);
  if (folder === undefined || record === undefined) return undefined;
  // An inherited variable says nothing about a process that is not in there.
  if (record.network !== undefined && record.network !== networkOf()) return undefined;
  return runAt(folder);
}

/** A run that is up, by name. */
export function findRun(name: string): Run | undefined {
  const folder = join(runsFolder(), name);
  return readRecord(folder) && runAt(folder);
}

export interface InsideOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** @default 'inherit' */
  stdio?: StdioOptions;
  /** Milliseconds after which it is killed. @default none */
  timeout?: number;
}

/**
 * Runs a command inside a run's network and resolves to its exit code (128 + n after signal n), as a shell would.
 * Ctrl-C reaches the command, which may take its time to end.
 */
export async function insideNetwork(
  run: Run,
  program: string,
  args: string[],
  options: InsideOptions = {},
): Promise<number> {
  const cwd = options.cwd ?? process.cwd();
  const [entry, ...rest] = insideArgv(run, cwd, [program, ...args]);
  const env = { ...process.env, [variable]: run.folder, ...options.env };
  const { stdio = 'inherit', timeout } = options;
  const child = spawn(entry, rest, { cwd, env, stdio, timeout, killSignal: 'SIGKILL' });
  // The terminal sends Ctrl-C to the command too, which decides what to do about the first; the second one is final.
  let interrupts = 0;
  const interrupted = () => {
    if (++interrupts > 1) child.kill('SIGKILL');
  };
  process.on('SIGINT', interrupted);
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
    });
  } finally {
    process.off('SIGINT', interrupted);
  }
}

/** The same, with what it wrote; rejects as `command` does. */
export function commandInside(
  run: Run,
  program: string,
  args: string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [entry, ...rest] = insideArgv(run, options.cwd ?? process.cwd(), [program, ...args]);
  return command(entry, rest, options);
}

function insideArgv(run: Run, cwd: string, argv: [string, ...string[]]): [string, ...string[]] {
  const { first } = recordOf(run.folder);
  return first === undefined ? argv : inNetwork(first.pid, cwd, argv);
}

/** All runs with a folder, and whether each is alive. */
export async function listRuns(): Promise<{ record: RunRecord; folder: string; alive: boolean }[]> {
  const root = runsFolder();
  const found: { record: RunRecord; folder: string; alive: boolean }[] = [];
  for (const name of existsSync(root) ? readdirSync(root) : []) {
    const folder = join(root, name);
    const record = readRecord(folder);
    if (record) found.push({ record, folder, alive: await isAlive(folder, record) });
  }
  return found;
}

/** Ends and removes runs whose owner is gone. Never touches a process that a run did not start. */
export async function sweep(): Promise<void> {
  // From inside, other runs cannot be told from dead ones.
  if (currentRun() !== undefined) return;
  for (const { record, folder, alive } of await listRuns()) {
    if (!alive) await removeRun(folder, record);
  }
}

async function removeRun(folder: string, record: RunRecord): Promise<void> {
  const ours = record.first === undefined ? record.processes : [record.first];
  for (const identity of ours) {
    if (!(await isRunning(identity))) continue;
    process.kill(identity.pid, 'SIGKILL');
    await waitFor(`process ${identity.pid} to end`, async () => ((await isRunning(identity)) ? undefined : true), {
      everyMs: 20,
    });
  }
  removeCgroup(cgroupOf(record.name));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

function runAt(folder: string): Run {
  const { name, first } = recordOf(folder);
  return {
    name,
    folder,
    isolated: first !== undefined,
    detach() {
      const record = recordOf(folder);
      if (!record.detachable) throw new Error(`run ${name} was not opened to be left running`);
      writeRecord(folder, { ...record, detached: true });
    },
    async close() {
      const record = readRecord(folder);
      if (record !== undefined) await removeRun(folder, record);
    },
  };
}
