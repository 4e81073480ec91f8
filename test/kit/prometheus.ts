import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Start } from './control-plane.js';
import type { Identities } from './identities.js';
import { bridgeAddress } from './network.js';
import { isOk } from './request.js';
import { waitFor } from './wait.js';

const port = 9090;
const clusterIp = '10.0.0.90';
const user = 'prometheus';

export const prometheusUrl = `http://${bridgeAddress}:${port}`;
/** As pods see it: there is no name server. */
export const prometheusClusterUrl = `http://${clusterIp}:${port}`;

/** Prometheus, scraping the kubelet; resolves once it listens. */
export async function startPrometheus(spec: { folder: string; identities: Identities; start: Start }): Promise<void> {
  const folder = join(spec.folder, 'prometheus');
  mkdirSync(folder);
  await spec.identities.issue('prometheus', { name: user });
  const config = join(folder, 'prometheus.yaml');
  writeFileSync(config, stringify(prometheusConfig(spec.identities)));
  const prometheus = await spec.start('prometheus', [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    // Backfilled history of some weeks is kept.
    '--storage.tsdb.retention.time=60d',
    `--web.listen-address=${bridgeAddress}:${port}`,
    '--web.enable-lifecycle',
    '--log.level=warn',
  ]);
  await waitFor('Prometheus', () => (prometheus.assertRunning(), isOk(`${prometheusUrl}/-/ready`)));
}

function prometheusConfig(identities: Identities): object {
  const scrape = (path: string) => ({
    // The job name and labels of the usual Prometheus installations.
    job_name: `kubelet${path}`,
    scheme: 'https',
    metrics_path: path,
    tls_config: {
      ca_file: identities.file('ca.crt'),
      cert_file: identities.file('prometheus.crt'),
      key_file: identities.file('prometheus.key'),
    },
    static_configs: [{ targets: [`${bridgeAddress}:10250`] }],
    relabel_configs: [
      { target_label: 'job', replacement: 'kubelet' },
      { target_label: 'metrics_path', replacement: path },
    ],
  });
  return {
    global: { scrape_interval: '5s', scrape_timeout: '5s' },
    scrape_configs: [scrape('/metrics/cadvisor'), scrape('/metrics/resource')],
  };
}

/** What it needs in the cluster: leave to read metrics, and an address for pods. */
export const prometheusObjects: object[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'monitoring' } },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'kit:prometheus' },
    rules: [{ apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] }],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'kit:prometheus' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'kit:prometheus' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
  },
  ...serviceTo({ namespace: 'monitoring', name: 'prometheus', port, targetPort: port, clusterIp }),
];

/** A Service for a program that runs beside the pods, on the bridge. */
export function serviceTo(target: {
  namespace: string;
  name: string;
  port: number;
  targetPort: number;
  clusterIp?: string;
}): object[] {
  const { namespace, name } = target;
  const ports = [{ name: 'main', protocol: 'TCP', port: target.port, targetPort: target.targetPort }];
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { namespace, name },
      spec: { ports, ...(target.clusterIp && { clusterIP: target.clusterIp }) },
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { namespace, name: `${name}-kit`, labels: { 'kubernetes.io/service-name': name } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [bridgeAddress], conditions: { ready: true } }],
      ports: [{ name: 'main', protocol: 'TCP', port: target.targetPort }],
    },
  ];
}
