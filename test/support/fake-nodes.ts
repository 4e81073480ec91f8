import { join } from 'node:path';
import { NodeKind } from 'optipod/kube';
import type { KubeClient } from '@optipod/operator/runtime';
import type { Cluster, Progress } from '../kit/index.js';
import { startComponent } from '../kit/process.js';
import { ensurePrograms } from '../kit/programs.js';

/** Nodes of a real control plane on which pods run as far as the API tells, and nothing else does. */
export interface FakeNodes {
  /** Throws `Hopeless` once what stands for the kubelets has ended: for use in probes. */
  assertRunning(): void;
  stop(): Promise<void>;
}

export interface FakeNodesOptions {
  /** How many. Each has 64 cores, 256 GiB and room for 1,000 pods. */
  readonly nodes: number;
  /** Told of a program that has to be built first. @default nobody */
  readonly progress?: Progress;
}

const FAKE = 'kwok.x-k8s.io/node';

/** Has kwok stand for kubelets. A pod that is bound to one of the nodes runs and is ready at once, and is gone as soon as it is deleted. */
export async function startFakeNodes(
  cluster: Pick<Cluster, 'kubeconfig' | 'folder'>,
  client: Pick<KubeClient, 'create'>,
  { nodes, progress = () => undefined }: FakeNodesOptions,
): Promise<FakeNodes> {
  const programs = await ensurePrograms(['kwok'], { progress });
  const kwok = startComponent({
    name: 'kwok',
    argv: [
      programs.get('kwok') ?? 'kwok',
      `--kubeconfig=${cluster.kubeconfig}`,
      `--config=${join(import.meta.dirname, 'fake-nodes.yaml')}`,
      '--node-lease-duration-seconds=40',
      '--manage-all-nodes=false',
      `--manage-nodes-with-annotation-selector=${FAKE}=fake`,
    ],
    logFolder: cluster.folder,
  });
  const stop = () => kwok.stop(1000);
  try {
    for (let node = 0; node < nodes; node += 1) await client.create(NodeKind, fakeNode(`fake-${node}`));
  } catch (error) {
    await stop();
    throw error;
  }
  return { assertRunning: () => kwok.assertRunning(), stop };
}

function fakeNode(name: string) {
  const amounts = { cpu: '64', memory: '256Gi', pods: '1000' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, annotations: { [FAKE]: 'fake' } },
    status: { capacity: amounts, allocatable: amounts },
  };
}
