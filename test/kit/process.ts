import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { command } from './command.js';
import { Hopeless } from './wait.js';

/** A process that cannot be confused with a later one that was given the same number. */
export interface ProcessIdentity {
  pid: number;
  /** When it started, as the kernel (or ps) says it; only compared for equality. */
  started: string;
}

export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const started = await startTime(pid);
  return started === undefined ? undefined : { pid, started };
}

export async function isRunning(process: ProcessIdentity): Promise<boolean> {
  return (await startTime(process.pid)) === process.started;
}

async function startTime(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    try {
      return startTimeIn(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
      return undefined;
    }
  }
  const { stdout } = await command('ps', ['-o', 'lstart=', '-p', String(pid)], { allowFailure: true });
  return stdout.trim() || undefined;
}

/** Field 22 of /proc/PID/stat, in clock ticks since boot; `undefined` for a zombie, which is as good as gone. */
export function startTimeIn(stat: string): string | undefined {
  // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

export interface ComponentSpec {
  name: string;
  /** Program and arguments. */
  argv: [string, ...string[]];
  /** Its output goes to `NAME.log` in here. */
  logFolder: string;
  env?: Record<string, string>;
  /** Leave it running when this process ends. @default false: the kernel kills it with us */
  outlivesUs?: boolean;
  /** `argv` is a wrapper (nsenter) that forks the program: signals go to that child. @default false */
  wrapped?: boolean;
}

/** One program of a cluster, running. */
export interface Component {
  readonly name: string;
  readonly pid: number;
  /** Program and arguments, to start it again with. */
  readonly argv: readonly [string, ...string[]];
  readonly logFile: string;
  /** Throws `Hopeless`, with the end of its log, once the program has exited: for use in probes. */
  assertRunning(): void;
  hasEnded(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** TERM, then KILL after `graceMs`; resolves when the process is gone. */
  stop(graceMs: number): Promise<void>;
}

export function startComponent(spec: ComponentSpec): Component {
  const logFile = join(spec.logFolder, `${spec.name}.log`);
  const log = openSync(logFile, 'a');
  const [program, ...args] = spec.outlivesUs === true ? spec.argv : diesWithUs(spec.argv);
  const child = spawn(program, args, {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...spec.env },
    // Its own session: Ctrl-C in a terminal reaches us alone, and we stop what we started.
    detached: true,
  });
  closeSync(log);
  child.unref();
  const { pid } = child;
  let ended: string | undefined;
  const exited = new Promise<void>((resolve) => {
    const end = (how: string) => {
      ended = how;
      resolve();
    };
    child.once('error', (error) => end(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      end(signal === null ? `exited with ${code ?? '?'}` : `was ended by ${signal}`),
    );
  });
  const signal = (name: NodeJS.Signals) => {
    if (ended === undefined) sendTo(child, name, spec.wrapped === true);
  };
  return {
    name: spec.name,
    pid: pid ?? 0,
    argv: spec.argv,
    logFile,
    assertRunning() {
      if (ended !== undefined) throw new Hopeless(`${spec.name} ${ended}\n${tailOf(logFile)}`);
    },
    hasEnded: () => ended !== undefined,
    signal,
    async stop(graceMs) {
      if (ended !== undefined) return;
      child.ref();
      signal('SIGTERM');
      const killer = setTimeout(() => signal('SIGKILL'), graceMs);
      await exited;
      clearTimeout(killer);
    },
  };
}

function sendTo(child: ChildProcess, signal: NodeJS.Signals, wrapped: boolean): void {
  const targets = wrapped ? childrenOf(child.pid ?? 0) : [];
  // A wrapper that has no child yet is stopped itself.
  if (targets.length === 0) child.kill(signal);
  for (const pid of targets) {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone in the meantime.
    }
  }
}

const setpriv = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));

/** Has the kernel kill the program when this process dies, even by kill -9. Where there is no setpriv, the next sweep does. */
export function diesWithUs(argv: [string, ...string[]]): [string, ...string[]] {
  return setpriv === undefined ? argv : [setpriv, '--pdeathsig', 'KILL', ...argv];
}

/** The last lines of a log file, with its name above them. */
export function tailOf(file: string, lines = 25): string {
  const text = existsSync(file) ? readFileSync(file, 'utf8').trimEnd() : '';
  return `--- ${basename(file)}\n${text.split('\n').slice(-lines).join('\n')}`;
}

/** The ends of all logs in a folder. */
export function tailsOf(folder: string, lines?: number): string {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .sort()
    .map((name) => tailOf(join(folder, name), lines))
    .join('\n');
}
