import { Command } from 'commander';
import { NAMES } from '../lib/optipod/names.js';
import type { ClusterOptions } from './cluster.js';

interface Options extends ClusterOptions {
  readonly namespace: string;
}

const PAUSED = 'new pods start with their own resources, and nothing is changed, restarted, evicted or resized';
const RESUMED = 'policies in mode Auto are applied';

/** `optipod pause`: the stop for everything, in one command. */
export function pauseCommand(): Command {
  return command('pause', `stop everything: ${PAUSED}`).action((options: Options) => set(options, true));
}

/** `optipod resume`: and on again. */
export function resumeCommand(): Command {
  return command('resume', `end a pause: ${RESUMED} again`).action((options: Options) => set(options, false));
}

function command(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .option('--namespace <name>', 'where OptiPod runs', NAMES.namespace)
    .option('--kubeconfig <file>', 'instead of the usual one')
    .option('--context <name>', 'instead of the current one')
    .addHelpText('after', '\nExit code: 0 done, or it was so already; 2 it could not be done.');
}

async function set({ namespace, ...cluster }: Options, paused: boolean): Promise<void> {
  const { withCluster } = await import('./cluster.js');
  const { setPaused } = await import('./pause/pause.js');
  await withCluster(cluster, (client) => setPaused(client, namespace, paused));
  const what = paused ? `is paused: ${PAUSED}` : `is not paused: ${RESUMED}`;
  process.stdout.write(`OptiPod in ${namespace} ${what}\n`);
}
