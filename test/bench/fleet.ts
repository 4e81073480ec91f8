import { Deployment, Namespace, kind } from 'optipod/kube';
import { createClient, loadClusterConfig, type KubeClient } from '../../operator/runtime/index.js';
import { startCluster, waitFor, type Cluster, type Progress } from '../kit/index.js';
import { startFakeNodes } from '../support/fake-nodes.js';
import type { FleetPod } from './fleet-history.js';
import { indexes, inParallel } from './in-parallel.js';

export interface FleetOptions {
  readonly deployments: number;
  readonly replicas: number;
  /** Whether an audit log is written. */
  readonly audit: boolean;
  readonly progress: Progress;
}

/** Deployments whose pods run, as far as the API tells, on nodes that nobody else is on. */
export interface Fleet {
  readonly cluster: Cluster;
  /** An administrator's. */
  readonly client: KubeClient;
  readonly pods: readonly FleetPod[];
  stop(): Promise<void>;
}

const RunningPod = kind<{ readonly status?: { readonly phase?: string } }>('', 'v1', 'Pod', 'pods');

const NODES = 20;
const NAMESPACES = 20;

/** A real control plane with Deployments on nodes of kwok. */
export async function startFleet({ deployments, replicas, audit, progress }: FleetOptions): Promise<Fleet> {
  const cluster = await startCluster({ name: `fleet-${deployments}`, audit });
  const client = createClient(await loadClusterConfig({ kubeconfig: cluster.kubeconfig }));
  const nodes = await startFakeNodes(cluster, client, { nodes: NODES, progress });
  const stop = async () => {
    await nodes.stop();
    await client.close();
    await cluster.stop();
  };
  try {
    for (let index = 0; index < NAMESPACES; index += 1) {
      await client.create(Namespace, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespaceOf(index) } });
    }
    await inParallel(indexes(deployments), async (index) => {
      await client.create(Deployment, deployment(index, replicas));
    });
    const pods = await waitFor(
      `${deployments * replicas} pods to run`,
      async () => {
        nodes.assertRunning();
        const { items } = await client.list(RunningPod);
        const running = items.filter(({ status }) => status?.phase === 'Running');
        if (running.length < deployments * replicas) throw new Error(`${running.length} of ${items.length} run`);
        return running.map(({ metadata }) => fleetPod(metadata.namespace ?? '', metadata.name));
      },
      { timeoutMs: 600_000, everyMs: 2000 },
    );
    return { cluster, client, pods, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function namespaceOf(index: number): string {
  return `team-${index % NAMESPACES}`;
}

/** Its last two parts are the hash of the template and the pod's own suffix. */
function fleetPod(namespace: string, pod: string): FleetPod {
  const parts = pod.split('-');
  return { namespace, pod, replicaSet: parts.slice(0, -1).join('-'), deployment: parts.slice(0, -2).join('-') };
}

function deployment(index: number, replicas: number) {
  const labels = { app: `web-${index}` };
  const requests = { cpu: '100m', memory: '128Mi' };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: namespaceOf(index), name: `web-${index}`, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'app', image: 'app:1', resources: { requests } }] },
      },
    },
  };
}
