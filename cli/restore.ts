import { Command } from 'commander';
import type { ClusterOptions } from './cluster.js';
import { Refused } from './refused.js';

/** The exit code when something was not put back. */
const LEFT = 1;

const HELP = `
Puts back what templates of workloads said before a policy with the strategy ssa wrote to them, as their WorkloadRecommendations
remember it, and lets go of it; what somebody set since stays. That is a rollout of each. A workload to which a policy still
applies is left alone: set the mode of the policy to Recommend, delete it, or annotate the workload with optipod.io/ignore=true.
NAME is a workload, as web or deployment/web.
Exit code: 0 all is as it was, 1 something was left alone, 2 could not be done.`;

interface Options extends ClusterOptions {
  readonly namespace?: string;
  readonly allNamespaces?: true;
  readonly all?: true;
  readonly policy?: string;
  readonly dryRun?: true;
}

/** `optipod restore`: templates as they were before OptiPod wrote to them. */
export function restoreCommand(): Command {
  return new Command('restore')
    .description('put back the resources that templates had before OptiPod wrote to them')
    .argument('[NAME...]', 'workloads')
    .option('-n, --namespace <name>', 'of which namespace (default: that of the context)')
    .option('-A, --all-namespaces', 'of all namespaces; with --all or --policy')
    .option('--all', 'all workloads there')
    .option('--policy <[NAMESPACE/]NAME>', 'those that this policy was about last')
    .option('--dry-run', 'say what would be put back, and put nothing back')
    .option('--kubeconfig <file>', 'instead of the usual one')
    .option('--context <name>', 'instead of the current one')
    .addHelpText('after', HELP)
    .action(restore);
}

async function restore(names: readonly string[], options: Options): Promise<void> {
  const { namespace, allNamespaces, all, policy, dryRun = false, ...cluster } = options;
  if (names.length > 0 === (all !== undefined || policy !== undefined)) {
    throw new Refused('restore needs NAMEs, or else --all or --policy');
  }
  if (allNamespaces && (namespace !== undefined || names.length > 0)) {
    throw new Refused('--all-namespaces goes with --all or --policy, and without --namespace');
  }
  // The client takes a while to load, and other commands do not need it.
  const { withCluster } = await import('./cluster.js');
  const { restoreWorkloads } = await import('./restore/restore.js');
  const outcomes = await withCluster(cluster, (client) =>
    restoreWorkloads(client, {
      namespace: allNamespaces ? undefined : (namespace ?? client.namespace),
      names,
      policy,
      dryRun,
      tell: (line) => process.stdout.write(`${line}\n`),
      complain: (line) => console.error(`optipod: ${line}`),
    }),
  );
  if (outcomes.left > 0) process.exitCode = LEFT;
}
