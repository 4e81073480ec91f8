#!/usr/bin/env node
/** `optipod-cluster`; in this repository, `npm run cluster --`. */
import { Command } from 'commander';
import { join } from 'node:path';
import { prepare, startCluster } from './cluster.js';
import type { Level } from './connection.js';
import { CannotRun, messageOf } from './errors.js';
import { prepareExtras } from './extras.js';
import { pathWith } from './programs.js';
import { type Run, commandInside, currentRun, findRun, insideNetwork, listRuns, openRun, sweep } from './runs.js';
import { clustersOf } from './shared.js';

const progress = (line: string) => process.stderr.write(`${line}\n`);

interface UpOptions {
  level: string;
  name: string;
  install: boolean;
}

/** As whoever reads the help has called it. */
const COMMAND = process.env.npm_lifecycle_event === 'cluster' ? 'npm run cluster --' : 'optipod-cluster';

const program = new Command(COMMAND).description('A real Kubernetes on this machine').enablePositionalOptions();

program
  .command('up')
  .description('start a cluster that stays until "down"')
  .option('--level <level>', 'control-plane, or node to run pods (root on Linux)', 'control-plane')
  .option('--name <name>', 'to have several', 'default')
  .option('--no-install', 'do not install missing Debian packages')
  .action(up);

program
  .command('down')
  .description('stop a cluster and remove its folder')
  .option('--name <name>', 'which (default: "default", or the only one)')
  .action(async ({ name }: { name?: string }) => {
    const run = await chooseRun(name);
    await run.close();
    progress(`${run.name}: stopped`);
  });

program.command('status').description('what is up').action(status);

program
  .command('exec')
  .description('run a command inside a cluster’s network, with KUBECONFIG set: exec -- kubectl get pods -A')
  .option('--name <name>', 'which (default: "default", or the only one)')
  .argument('<command...>')
  .passThroughOptions()
  .action(async ([command, ...args]: [string, ...string[]], { name }: { name?: string }) => {
    const run = await chooseRun(name);
    process.exitCode = await insideNetwork(run, command, args, { env: environmentOf(run) });
  });

program
  .command('build')
  .description('build and install all that clusters need, and what tests need besides, and start none')
  .option('--level <level>', 'control-plane or node', 'node')
  .option('--no-install', 'do not install missing Debian packages')
  .action(async ({ level, install }: { level: string; install: boolean }) => {
    await prepare(levelNamed(level), { progress, ...(install ? {} : { install }) });
    await prepareExtras({ progress });
    progress('all programs are there');
  });

// What "up" runs inside the network it has made.
program
  .command('up-inside', { hidden: true })
  .argument('<level>')
  .action(async (level: string) => {
    await startCluster({ level: levelNamed(level), progress });
  });

async function up({ level, name, install }: UpOptions): Promise<void> {
  // There is no way to a network from inside: everything is fetched before.
  await prepare(levelNamed(level), { progress, ...(install ? {} : { install }) });
  const run = await openRun({ name, detachable: true });
  const self = [...process.execArgv, import.meta.filename];
  const code = await insideNetwork(run, process.execPath, [...self, 'up-inside', level]);
  if (code !== 0) {
    await run.close();
    process.exitCode = code;
    return;
  }
  run.detach();
  const which = name === 'default' ? '' : `--name ${name} `;
  progress(`look around: ${COMMAND} exec ${which}-- kubectl get all -A`);
  progress(`stop it:     ${COMMAND} down ${which}`.trimEnd());
}

async function status(): Promise<void> {
  const runs = (await listRuns()).filter(({ alive }) => alive);
  if (runs.length === 0) progress('nothing is up');
  for (const { record } of runs) {
    const run = findRun(record.name);
    if (run === undefined) continue;
    const until = record.detached ? 'until "down"' : `as long as process ${record.owner.pid}`;
    process.stdout.write(`${record.name}: since ${record.started}, ${until}, ${run.folder}\n`);
    for (const cluster of clustersOf(run)) {
      const kubectl = cluster.programs.kubectl ?? 'kubectl';
      const args = ['--kubeconfig', cluster.kubeconfig, 'get', '--raw', '/readyz', '--request-timeout=5s'];
      const { code } = await commandInside(run, kubectl, args, { allowFailure: true });
      process.stdout.write(
        `  ${cluster.name}: ${cluster.level}, ${code === 0 ? 'ready' : 'not answering'}, ${cluster.kubeconfig}\n`,
      );
    }
  }
}

/** The run of that name; without one the default run, or the only one there is. */
async function chooseRun(name: string | undefined): Promise<Run> {
  await sweep();
  const inside = name === undefined ? currentRun() : undefined;
  const names = (await listRuns()).map(({ record }) => record.name);
  const run = inside ?? findRun(name ?? (names.length === 1 ? (names[0] ?? '') : 'default'));
  if (run !== undefined) return run;
  const others = names.length === 0 ? 'nothing is up' : `up are: ${names.join(', ')}`;
  throw new CannotRun(`There is no cluster ${name ?? 'default'} (${others}): "${COMMAND} up" starts one.`);
}

function environmentOf(run: Run): Record<string, string> {
  const [cluster] = clustersOf(run);
  if (cluster === undefined) return {};
  const programs = new Map(Object.entries(cluster.programs));
  return {
    KUBECONFIG: cluster.kubeconfig,
    KUBECACHEDIR: join(cluster.folder, 'kubectl-cache'),
    PATH: pathWith(programs),
  };
}

function levelNamed(text: string): Level {
  if (text === 'control-plane' || text === 'node') return text;
  throw new CannotRun(`"${text}" is no level: it is control-plane or node.`);
}

try {
  await program.parseAsync();
} catch (error) {
  // A sentence is enough for what the reader can mend; anything else comes with its cause.
  progress(error instanceof CannotRun || !(error instanceof Error) ? messageOf(error) : (error.stack ?? error.message));
  process.exitCode = 1;
}
