/** The demo inside its network, for which `main.ts` has prepared the ground. The first argument is the image's archive. */
import { manifestsYaml } from 'optipod/install';
import type { KubeObject, Pod, WorkloadObject } from 'optipod/kube';
import { startCluster, waitFor, type Cluster } from '../kit/index.js';
import { OPERATOR_IMAGE } from '../support/operator-image.js';
import { deployment, namespace, operatorSettings, policy, yaml } from './objects.js';
import { progress } from './progress.js';
import { recommendationReader, type Recommendation } from './recommendation.js';
import { usageAt } from './recompute.js';
import { compare, type Comparison } from './report.js';

/** The operator evaluates the policy every 10 s: its recommendation may move on while a pod is being born. */
const ATTEMPTS = 5;

const read = recommendationReader();
const cluster = await startCluster({ level: 'node', progress });
try {
  await install(cluster);
  const comparison = await aPodBornRight(cluster);
  console.log(`\n${comparison.table}\n`);
  console.log(await shown(cluster, 'get', 'wrec'));
  for (const difference of comparison.differences) console.error(`WRONG: ${difference}`);
  process.exitCode = comparison.differences.length === 0 ? 0 : 1;
} catch (error) {
  console.error(await cluster.logs());
  for (const what of ['pods,events,optpol,wrec', 'deployment/optipod', 'deployment/optipod-webhook']) {
    const args = what.includes(',') ? ['get', what, '-A'] : ['logs', what, '-n', 'optipod-system', '--tail=50'];
    console.error((await cluster.kubectl(args, { allowFailure: true })).stdout);
  }
  throw error;
}
// A cluster that is to stay is not this process' any more.
process.exit();

async function install(cluster: Cluster): Promise<void> {
  const { prometheusClusterUrl = '' } = cluster;
  const apply = (input: string) => cluster.kubectl(['apply', '--server-side', '-f', '-'], { input });
  progress('starting a Deployment that uses more than it asks for');
  await apply(yaml(namespace, deployment));

  progress('installing OptiPod from its own manifests');
  await cluster.loadImage(process.argv[2] ?? '');
  const manifests = { image: OPERATOR_IMAGE, imagePullPolicy: 'Never', prometheusUrl: prometheusClusterUrl } as const;
  await apply(manifestsYaml({ ...manifests, operatorSettings }));
  for (const name of ['optipod', 'optipod-webhook']) {
    await cluster.kubectl(['rollout', 'status', `deployment/${name}`, '-n', 'optipod-system', '--timeout=120s']);
    progress(`${name} is ready`);
  }

  progress('applying a policy made for a demo: the shortest window there is, evaluated every 10 s');
  console.error(yaml(policy).replaceAll(/^(?=.)/gm, '          '));
  console.error(`          the operator's settings: ${JSON.stringify(operatorSettings)}\n`);
  await apply(yaml(policy));
}

async function aPodBornRight(cluster: Cluster): Promise<Comparison> {
  const first = await onlyPod(cluster);
  let recommended = await recommendation(cluster);
  progress(`recommended at ${recommended.at}, in the annotations of the Deployment`);
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const usage = await usageAt(cluster.prometheusUrl ?? '', recommended.made);
    const old = await onlyPod(cluster);
    progress(`deleting the pod ${old.metadata.name}; its Deployment makes another`);
    await cluster.kubectl(['delete', 'pod', old.metadata.name, '-n', 'shop']);
    const newborn = await waitFor('the newborn pod', async () => {
      const pod = await onlyPod(cluster);
      return pod.metadata.uid === old.metadata.uid ? undefined : pod;
    });
    const after = await recommendation(cluster);
    if (after.at === recommended.at) return compare({ before: first, usage, recommended: after, newborn });
    progress('meanwhile the recommendation moved on; once more');
    recommended = after;
  }
  throw new Error(`the recommendation moved on ${String(ATTEMPTS)} times while a pod was being born`);
}

/** What the Deployment's annotations say; waits for them, telling what the policy says meanwhile. */
async function recommendation(cluster: Cluster): Promise<Recommendation> {
  let last = '';
  return waitFor(
    'a recommendation',
    async () => {
      const found = read((await get<WorkloadObject>(cluster, 'deployment/burner')).metadata.annotations);
      if (found) return found;
      const message = '{.status.conditions[?(@.type=="MetricsAvailable")].message}';
      const { stdout } = await cluster.kubectl(['get', 'optpol/burner', '-n', 'shop', '-o', `jsonpath=${message}`]);
      if (stdout !== last) progress(`the policy says: ${stdout}`);
      last = stdout;
      return undefined;
    },
    { timeoutMs: 240_000, everyMs: 1000 },
  );
}

async function onlyPod(cluster: Cluster): Promise<Pod> {
  return waitFor('one running pod', async () => {
    const { items } = await get<{ items: (Pod & { status?: { phase?: string } })[] }>(
      cluster,
      'pods',
      '-l',
      'app=burner',
    );
    const [pod, another] = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    return another === undefined && pod?.status?.phase === 'Running' ? pod : undefined;
  });
}

/** A command as a user would type it, and what it prints. */
async function shown(cluster: Cluster, ...args: string[]): Promise<string> {
  const command = [...args, '-n', 'shop'];
  return `$ kubectl ${command.join(' ')}\n${(await cluster.kubectl(command)).stdout}`;
}

async function get<T extends KubeObject | { items: KubeObject[] }>(cluster: Cluster, ...what: string[]): Promise<T> {
  return JSON.parse((await cluster.kubectl(['get', ...what, '-n', 'shop', '-o', 'json'])).stdout) as T;
}
