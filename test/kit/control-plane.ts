import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Identities } from './identities.js';
import { bridgeAddress } from './network.js';
import { freePort, giveBack } from './ports.js';
import type { Component } from './process.js';
import { type Credentials, isOk } from './request.js';
import { waitFor } from './wait.js';

/** Starts a program of the cluster, by its name in the cache; its log and its end are the cluster's business. */
export type Start = (name: string, args: string[], options?: StartOptions) => Promise<Component>;

export interface StartOptions {
  /** Another name than the program's, for its log. */
  as?: string;
  env?: Record<string, string>;
  /** Run it in the PID and mount namespaces of this process. */
  inside?: number;
}

export interface ControlPlaneSpec {
  folder: string;
  /** Whether it has a network of its own, with the bridge; otherwise it stays on loopback. */
  isolated: boolean;
  identities: Identities;
  start: Start;
  has: (program: string) => boolean;
  audit: boolean;
  apiserverFlags: string[];
  controllerManagerFlags: string[];
}

export interface ControlPlane {
  server: string;
  kubeconfig: string;
  admin: Credentials & { cert: string; key: string };
  auditLog: string | undefined;
  /** Lets the ports be used by another cluster of this process. */
  giveBackPorts(): void;
}

export const serviceSubnet = '10.0.0.0/24';
const firstServiceAddress = '10.0.0.1';

/** etcd, kube-apiserver, kube-controller-manager and kube-scheduler, ready for the first pod to be created. */
export async function startControlPlane(spec: ControlPlaneSpec): Promise<ControlPlane> {
  const { folder, identities } = spec;
  const port = (wanted: number) => freePort('127.0.0.1', spec.isolated ? wanted : undefined);
  const ports = {
    etcd: await port(2379),
    peers: await port(2380),
    api: await port(6443),
    managers: await port(10257),
    scheduler: await port(10259),
  };
  const server = `https://127.0.0.1:${ports.api}`;
  const kubeconfig = join(folder, 'kubeconfig');
  const [pair] = await Promise.all([
    identities.kubeconfig(kubeconfig, server, { name: 'kubernetes-admin', groups: ['system:masters'] }),
    startEtcd(spec, ports.etcd, ports.peers),
  ]);
  const admin = { ca: identities.ca, ...pair };
  const auditLog = spec.audit ? join(folder, 'audit.log') : undefined;
  await startApiserver(spec, ports.api, ports.etcd, auditLog, admin);
  await identities.issue('managers', { name: 'localhost', ips: ['127.0.0.1'] });
  await Promise.all([
    spec.has('kube-controller-manager') && startControllerManager(spec, server, ports.managers, admin),
    spec.has('kube-scheduler') && startScheduler(spec, server, ports.scheduler, admin),
  ]);
  return { server, kubeconfig, admin, auditLog, giveBackPorts: () => giveBack(Object.values(ports)) };
}

async function startEtcd({ folder, start }: ControlPlaneSpec, port: number, peers: number): Promise<void> {
  const client = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peers}`;
  const etcd = await start('etcd', [
    `--data-dir=${join(folder, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // What is in it is worth nothing after a power failure.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ]);
  await waitFor('etcd', () => (etcd.assertRunning(), isOk(`${client}/health`)), { everyMs: 50 });
}

async function startApiserver(
  spec: ControlPlaneSpec,
  port: number,
  etcdPort: number,
  auditLog: string | undefined,
  admin: Credentials,
): Promise<void> {
  const { identities, isolated } = spec;
  const file = (name: string) => identities.file(name);
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'];
  await Promise.all([
    identities.issue('apiserver', {
      name: 'kube-apiserver',
      dns: ['localhost', ...names],
      ips: ['127.0.0.1', bridgeAddress, firstServiceAddress],
    }),
    identities.issue('kubelet-client', { name: 'kube-apiserver-kubelet-client', groups: ['system:masters'] }),
  ]);
  const apiserver = await spec.start('kube-apiserver', [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    // Pods must reach it on the bridge; the run's network has no other way in.
    ...(isolated
      ? ['--bind-address=0.0.0.0', `--advertise-address=${bridgeAddress}`]
      : ['--bind-address=127.0.0.1', '--advertise-address=127.0.0.1', '--endpoint-reconciler-type=none']),
    `--secure-port=${port}`,
    `--tls-cert-file=${file('apiserver.crt')}`,
    `--tls-private-key-file=${file('apiserver.key')}`,
    `--client-ca-file=${file('ca.crt')}`,
    '--authorization-mode=Node,RBAC',
    `--service-cluster-ip-range=${serviceSubnet}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-account-key-file=${file('service-accounts.pub')}`,
    `--service-account-signing-key-file=${file('service-accounts.key')}`,
    `--kubelet-certificate-authority=${file('ca.crt')}`,
    `--kubelet-client-certificate=${file('kubelet-client.crt')}`,
    `--kubelet-client-key=${file('kubelet-client.key')}`,
    // Or kubectl logs asks a name server for the node.
    '--kubelet-preferred-address-types=InternalIP',
    `--requestheader-client-ca-file=${file('front-proxy-ca.crt')}`,
    '--requestheader-allowed-names=front-proxy-client',
    '--requestheader-username-headers=X-Remote-User',
    '--requestheader-group-headers=X-Remote-Group',
    '--requestheader-extra-headers-prefix=X-Remote-Extra-',
    `--proxy-client-cert-file=${file('front-proxy.crt')}`,
    `--proxy-client-key-file=${file('front-proxy.key')}`,
    '--allow-privileged=true',
    // Ten times the traffic of a test is the traffic of a scale benchmark.
    '--max-requests-inflight=2000',
    '--max-mutating-requests-inflight=1000',
    // Without a controller-manager nothing makes the service accounts this plugin asks for.
    ...(spec.has('kube-controller-manager') ? [] : ['--disable-admission-plugins=ServiceAccount']),
    ...(auditLog === undefined ? [] : auditFlags(spec.folder, auditLog)),
    ...spec.apiserverFlags,
  ]);
  const ready = `https://127.0.0.1:${port}/readyz`;
  await waitFor('kube-apiserver', () => (apiserver.assertRunning(), isOk(ready, admin)), { timeoutMs: 120_000 });
}

/** Every request once it is answered, writes with their bodies; in the file before the answer is out. */
function auditFlags(folder: string, auditLog: string): string[] {
  const policy = join(folder, 'audit-policy.yaml');
  const content = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived', 'ResponseStarted'],
    rules: [
      { level: 'Request', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
      { level: 'Metadata' },
    ],
  };
  writeFileSync(policy, stringify(content));
  // By default a log of 100 MB is put aside, and whoever reads on finds another one.
  const whole = '--audit-log-maxsize=100000';
  return [`--audit-policy-file=${policy}`, `--audit-log-path=${auditLog}`, '--audit-log-mode=blocking', whole];
}

async function startControllerManager(
  spec: ControlPlaneSpec,
  server: string,
  port: number,
  admin: Credentials,
): Promise<void> {
  const { identities } = spec;
  const kubeconfig = join(spec.folder, 'controller-manager.kubeconfig');
  await identities.kubeconfig(kubeconfig, server, { name: 'system:kube-controller-manager' });
  const manager = await spec.start('kube-controller-manager', [
    ...managerFlags(identities, kubeconfig, port),
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${identities.file('service-accounts.key')}`,
    `--root-ca-file=${identities.file('ca.crt')}`,
    `--cluster-signing-cert-file=${identities.file('ca.crt')}`,
    `--cluster-signing-key-file=${identities.file('ca.key')}`,
    ...spec.controllerManagerFlags,
  ]);
  // The last thing a namespace gets before a pod can be created in it.
  await waitFor('the default service account', () => {
    manager.assertRunning();
    return isOk(`${server}/api/v1/namespaces/default/serviceaccounts/default`, admin);
  });
}

async function startScheduler(spec: ControlPlaneSpec, server: string, port: number, admin: Credentials): Promise<void> {
  const kubeconfig = join(spec.folder, 'scheduler.kubeconfig');
  await spec.identities.kubeconfig(kubeconfig, server, { name: 'system:kube-scheduler' });
  const scheduler = await spec.start('kube-scheduler', managerFlags(spec.identities, kubeconfig, port));
  await waitFor('kube-scheduler', () => (scheduler.assertRunning(), isOk(`https://127.0.0.1:${port}/readyz`, admin)));
}

function managerFlags(identities: Identities, kubeconfig: string, port: number): string[] {
  return [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${port}`,
    `--tls-cert-file=${identities.file('managers.crt')}`,
    `--tls-private-key-file=${identities.file('managers.key')}`,
    '--leader-elect=false',
    // The defaults (20 to 100 a second) take minutes over a thousand pods.
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}
