import { waitFor, type Progress } from '../kit/index.js';
import { freePort, giveBack } from '../kit/ports.js';
import { startComponent } from '../kit/process.js';
import { ensurePrograms } from '../kit/programs.js';
import type { Prometheus } from '../support/prometheus.js';
import type { Fleet } from './fleet.js';
import { inParallel } from './in-parallel.js';
import { cpuMsOf, peakMiBOf } from './process-usage.js';
import { installAutoscalers, VerticalPodAutoscaler } from './vpa.js';

const PROGRAM = 'vpa-recommender';

/** What the VerticalPodAutoscaler's recommender needs until there is a recommendation for every Deployment. */
export interface RecommenderCost {
  readonly queries: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly peakMiB: number;
}

/**
 * The VerticalPodAutoscaler's recommender over the same Deployments and the same past, once: with the history and at the
 * interval that OptiPod reads. What it reads beside is the label by which it knows whose pod a sample is.
 */
export async function recommenderCost(
  fleet: Fleet,
  prometheus: Prometheus,
  { hours, progress }: { readonly hours: number; readonly progress: Progress },
): Promise<RecommenderCost> {
  const program = (await ensurePrograms([PROGRAM], { progress })).get(PROGRAM) ?? PROGRAM;
  const { cluster, client } = fleet;
  await installAutoscalers(cluster);
  const deployments = [...new Map(fleet.pods.map((pod) => [`${pod.namespace}/${pod.deployment}`, pod])).values()];
  await inParallel(deployments, async ({ namespace, deployment: name }) => {
    const targetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name };
    const spec = { targetRef, updatePolicy: { updateMode: 'Off' } };
    await client.create(VerticalPodAutoscaler, { metadata: { namespace, name }, spec });
  });
  const asked = prometheus.queries().length;
  const port = await freePort('127.0.0.1');
  const began = Date.now();
  const recommender = startComponent({
    name: PROGRAM,
    argv: [
      program,
      `--kubeconfig=${cluster.kubeconfig}`,
      `--address=127.0.0.1:${String(port)}`,
      '--storage=prometheus',
      `--prometheus-address=${prometheus.url}`,
      '--prometheus-cadvisor-job-name=',
      `--history-length=${String(hours)}h`,
      '--history-resolution=1m',
      '--prometheus-query-timeout=5m',
      '--metric-for-pod-labels=kube_pod_labels',
      '--pod-label-prefix=label_',
      '--pod-namespace-label=namespace',
      '--pod-name-label=pod',
      '--container-namespace-label=namespace',
      '--container-pod-name-label=pod',
      '--container-name-label=container',
    ],
    logFolder: cluster.folder,
  });
  try {
    await waitFor(
      'a recommendation for every Deployment',
      async () => {
        recommender.assertRunning();
        const { items } = await client.list(VerticalPodAutoscaler);
        const without = items.filter(({ status }) => status?.recommendation === undefined);
        if (without.length > 0) throw new Error(`${String(without.length)} of ${String(items.length)} have none`);
        return true;
      },
      { timeoutMs: 600_000, everyMs: 500 },
    );
    return {
      queries: prometheus.queries().length - asked,
      wallMs: Date.now() - began,
      cpuMs: cpuMsOf(recommender.pid),
      peakMiB: peakMiBOf(recommender.pid),
    };
  } finally {
    await recommender.stop(3000);
    giveBack([port]);
  }
}
