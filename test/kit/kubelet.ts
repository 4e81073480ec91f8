import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { runtimeEndpoint } from './containerd.js';
import type { Start } from './control-plane.js';
import type { Identities } from './identities.js';
import { bridgeAddress, podSubnet } from './network.js';
import type { Component } from './process.js';
import { isOk } from './request.js';
import { waitFor } from './wait.js';

export const nodeName = 'kit-node';

/** Both ask the apiserver with an identity of their own, as on any node. */
interface NodeProgram {
  folder: string;
  server: string;
  identities: Identities;
  start: Start;
}

export async function startKubelet(
  spec: NodeProgram & { firstPid: number; cgroup: string; path: string; config: object },
): Promise<Component> {
  const { folder, identities } = spec;
  const kubeconfig = join(folder, 'kubelet.kubeconfig');
  const name = `system:node:${nodeName}`;
  await identities.kubeconfig(kubeconfig, spec.server, { name, groups: ['system:nodes'] });
  await identities.issue('kubelet', { name, groups: ['system:nodes'], dns: [nodeName], ips: [bridgeAddress] });
  const config = join(folder, 'kubelet.yaml');
  writeFileSync(config, stringify({ ...kubeletConfig(folder, identities, spec.cgroup), ...spec.config }));
  const args = [
    `--config=${config}`,
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${nodeName}`,
    `--node-ip=${bridgeAddress}`,
    // How often cAdvisor looks at a container. It waits up to twice as long, at random: with the default of 10 s every other
    // scrape would find nothing new.
    '--housekeeping-interval=2s',
  ];
  return spec.start('kubelet', args, { inside: spec.firstPid, env: { PATH: spec.path } });
}

function kubeletConfig(folder: string, identities: Identities, cgroup: string): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: bridgeAddress,
    healthzBindAddress: '127.0.0.1',
    tlsCertFile: identities.file('kubelet.crt'),
    tlsPrivateKeyFile: identities.file('kubelet.key'),
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: identities.file('ca.crt') },
    },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: runtimeEndpoint,
    cgroupRoot: cgroup,
    cgroupDriver: 'cgroupfs',
    failCgroupV1: false,
    failSwapOn: false,
    // Nothing of this machine is the node's own to defend: limits are the pods' alone.
    enforceNodeAllocatable: [],
    oomScoreAdj: 0,
    makeIPTablesUtilChains: false,
    // There is no name server.
    resolvConf: '',
    podLogsDir: join(folder, 'pod-logs'),
    volumePluginDir: join(folder, 'volume-plugins'),
    // The disk is shared with whatever else is on this machine: how full it is must not move pods.
    evictionHard: { 'memory.available': '0%', 'nodefs.available': '0%', 'imagefs.available': '0%' },
    imageGCHighThresholdPercent: 100,
  };
}

export async function startKubeProxy(spec: NodeProgram & { path: string }): Promise<void> {
  const kubeconfig = join(spec.folder, 'kube-proxy.kubeconfig');
  await spec.identities.kubeconfig(kubeconfig, spec.server, { name: 'system:kube-proxy' });
  const args = [
    `--kubeconfig=${kubeconfig}`,
    `--hostname-override=${nodeName}`,
    '--proxy-mode=nftables',
    `--cluster-cidr=${podSubnet}`,
    // Pods are neighbours on one bridge: an answer that does not come back through here would keep the wrong address.
    '--masquerade-all',
    // Belongs to the machine, not to this network.
    '--conntrack-max-per-core=0',
    '--healthz-bind-address=127.0.0.1:10256',
    '--metrics-bind-address=127.0.0.1:10249',
  ];
  const proxy = await spec.start('kube-proxy', args, { env: { PATH: spec.path } });
  await waitFor('kube-proxy', () => (proxy.assertRunning(), isOk('http://127.0.0.1:10256/healthz')));
}
