import { join } from 'node:path';
import type { Start } from './control-plane.js';
import type { Identities } from './identities.js';
import { bridgeAddress } from './network.js';
import { serviceTo } from './prometheus.js';
import { type Credentials, get } from './request.js';
import { waitFor } from './wait.js';

const port = 4443;
const user = 'system:metrics-server';
const group = 'rbac.authorization.k8s.io';

/** metrics-server, answering for `metrics.k8s.io`. It looks at the nodes when it starts: start it after they are ready. */
export async function startMetricsServer(spec: {
  folder: string;
  server: string;
  identities: Identities;
  start: Start;
  admin: Credentials;
}): Promise<void> {
  const kubeconfig = join(spec.folder, 'metrics-server.kubeconfig');
  await spec.identities.kubeconfig(kubeconfig, spec.server, { name: user });
  await spec.identities.issue('metrics-server', {
    name: user,
    dns: ['metrics-server.kube-system.svc'],
    ips: [bridgeAddress],
  });
  const metrics = await spec.start('metrics-server', [
    `--kubeconfig=${kubeconfig}`,
    `--authentication-kubeconfig=${kubeconfig}`,
    `--authorization-kubeconfig=${kubeconfig}`,
    `--bind-address=${bridgeAddress}`,
    `--secure-port=${port}`,
    `--tls-cert-file=${spec.identities.file('metrics-server.crt')}`,
    `--tls-private-key-file=${spec.identities.file('metrics-server.key')}`,
    `--kubelet-certificate-authority=${spec.identities.file('ca.crt')}`,
    '--kubelet-preferred-address-types=InternalIP',
    // The least it accepts, and then it wants its requests to be shorter.
    '--metric-resolution=10s',
    '--kubelet-request-timeout=5s',
  ]);
  await waitFor('metrics.k8s.io', async () => {
    metrics.assertRunning();
    const { body } = await get(
      `${spec.server}/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io`,
      spec.admin,
    );
    const { status } = JSON.parse(body) as {
      status?: { conditions?: { type: string; status: string; message: string }[] };
    };
    const available = status?.conditions?.find(({ type }) => type === 'Available');
    if (available?.status !== 'True') throw new Error(available?.message ?? 'not seen yet');
    return true;
  });
}

/** What its own manifest installs, but for the program. `caBundle` is PEM. */
export function metricsServerObjects(caBundle: string): object[] {
  return [
    clusterRole(user, [
      { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
      { apiGroups: [''], resources: ['pods', 'nodes', 'namespaces', 'configmaps'], verbs: ['get', 'list', 'watch'] },
    ]),
    binding(user, 'ClusterRole', user),
    binding('metrics-server:system:auth-delegator', 'ClusterRole', 'system:auth-delegator'),
    {
      ...binding('metrics-server-auth-reader', 'Role', 'extension-apiserver-authentication-reader'),
      kind: 'RoleBinding',
      metadata: { name: 'metrics-server-auth-reader', namespace: 'kube-system' },
    },
    {
      ...clusterRole('system:aggregated-metrics-reader', [
        { apiGroups: ['metrics.k8s.io'], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
      ]),
      metadata: {
        name: 'system:aggregated-metrics-reader',
        labels: Object.fromEntries(['view', 'edit', 'admin'].map((role) => [`${group}/aggregate-to-${role}`, 'true'])),
      },
    },
    ...serviceTo({ namespace: 'kube-system', name: 'metrics-server', port: 443, targetPort: port }),
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.metrics.k8s.io' },
      spec: {
        group: 'metrics.k8s.io',
        version: 'v1beta1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        caBundle: Buffer.from(caBundle).toString('base64'),
        service: { namespace: 'kube-system', name: 'metrics-server' },
      },
    },
  ];
}

function clusterRole(name: string, rules: object[]) {
  return { apiVersion: `${group}/v1`, kind: 'ClusterRole', metadata: { name }, rules };
}

function binding(name: string, kind: string, role: string) {
  return {
    apiVersion: `${group}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name },
    roleRef: { apiGroup: group, kind, name: role },
    subjects: [{ apiGroup: group, kind: 'User', name: user }],
  };
}
