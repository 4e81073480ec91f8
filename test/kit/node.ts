import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cgroupOf, createCgroup, removeCgroup } from './cgroups.js';
import { command } from './command.js';
import { importImage, startContainerd } from './containerd.js';
import type { ControlPlane, Start } from './control-plane.js';
import type { Identities } from './identities.js';
import { writeImages } from './images.js';
import { nodeName, startKubeProxy, startKubelet } from './kubelet.js';
import { metricsServerObjects, startMetricsServer } from './metrics-server.js';
import { createNamespaces } from './namespaces.js';
import type { Component } from './process.js';
import { prometheusObjects, startPrometheus } from './prometheus.js';
import { type Credentials, get } from './request.js';
import { waitFor } from './wait.js';

export interface NodeSpec {
  /** The run's name: two runs never share a cgroup. */
  run: string;
  folder: string;
  logFolder: string;
  identities: Identities;
  start: Start;
  /** Path of a program of the kit. */
  program: (name: string) => string;
  path: string;
  outlivesUs: boolean;
  /** What is other than `startKubelet` has it. */
  kubeletConfig: object;
  /** Already starting, at the same time as the node. */
  controlPlane: Promise<ControlPlane>;
}

export interface Node {
  /** Ends pods, containerd and kubelet, and removes what they leave outside the run's folder. */
  stop(): Promise<void>;
}

// Everything a node keeps in fixed places is private to it; mounts of volumes must be seen by containerd and kubelet alike.
const script = `mount --make-rshared /
mkdir -p /var/lib/kubelet /var/lib/cni
mount -t tmpfs tmpfs /var/log
mount --bind "$1/kubelet" /var/lib/kubelet
mount --bind "$1/cni" /var/lib/cni
mount -t tmpfs tmpfs /run
mkdir -p /run/containerd /run/netns
mount --bind "$1/run" /run/containerd`;

/** containerd, kubelet, kube-proxy, Prometheus and metrics-server: a node that is ready, with both kinds of metrics. */
export async function startNode(spec: NodeSpec): Promise<Node> {
  const { folder, identities, start, path } = spec;
  for (const name of ['kubelet', 'cni', 'run']) mkdirSync(join(folder, name), { recursive: true });
  const cgroup = cgroupOf(spec.run);
  createCgroup(cgroup);
  const namespaces = await createNamespaces({
    name: 'node',
    script,
    args: [folder],
    logFolder: spec.logFolder,
    outlivesUs: spec.outlivesUs,
  });
  const { firstPid } = namespaces;
  const stop = async () => {
    await namespaces.end();
    // Services of a cluster that is gone would catch the next one's packets.
    await command('nft', ['flush', 'ruleset'], { env: { PATH: path }, allowFailure: true });
    removeCgroup(cgroup);
  };
  try {
    const [controlPlane] = await Promise.all([spec.controlPlane, startRuntime(spec, firstPid)]);
    const { server, kubeconfig, admin } = controlPlane;
    const parts = { folder, server, identities, start };
    const objects = [...prometheusObjects, ...metricsServerObjects(identities.ca)];
    const kubelet = await startKubelet({ ...parts, firstPid, cgroup, path, config: spec.kubeletConfig });
    await Promise.all([
      startKubeProxy({ ...parts, path }),
      apply(spec.program('kubectl'), kubeconfig, folder, objects).then(() => startPrometheus(parts)),
      waitForNode(kubelet, server, admin),
    ]);
    await startMetricsServer({ ...parts, admin });
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startRuntime({ folder, start, path, program }: NodeSpec, firstPid: number): Promise<void> {
  await startContainerd({ folder, start, firstPid, path, ctr: program('ctr') });
  for (const archive of writeImages(program('load'))) await importImage(program('ctr'), folder, archive);
}

async function apply(kubectl: string, kubeconfig: string, folder: string, objects: object[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  const cache = join(folder, 'kubectl-cache');
  const args = [
    '--kubeconfig',
    kubeconfig,
    '--cache-dir',
    cache,
    'apply',
    '--server-side',
    '--validate=false',
    '-f',
    '-',
  ];
  await command(kubectl, args, { input });
}

async function waitForNode(kubelet: Component, server: string, admin: Credentials): Promise<void> {
  await waitFor('the node to be ready', async () => {
    kubelet.assertRunning();
    const { status, body } = await get(`${server}/api/v1/nodes/${nodeName}`, admin);
    if (status !== 200) throw new Error('kubelet has not registered it');
    const node = JSON.parse(body) as { status: { conditions: { type: string; status: string; message: string }[] } };
    const ready = node.status.conditions.find(({ type }) => type === 'Ready');
    if (ready?.status !== 'True') throw new Error(ready?.message ?? 'no condition yet');
    return true;
  });
}
