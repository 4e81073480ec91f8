/** Objects as kube-apiserver sends them, about as large as real ones, as JSON. */
export type ReplayKind = 'Pod' | 'ReplicaSet';

export function objectOf(kind: ReplayKind, index: number, version: number, metadataOnly: boolean): string {
  const metadata = metadataOf(kind, index, version);
  if (metadataOnly) {
    return JSON.stringify({ kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata });
  }
  return JSON.stringify({ kind, apiVersion: kind === 'Pod' ? 'v1' : 'apps/v1', metadata, ...podOf(index) });
}

function metadataOf(kind: ReplayKind, index: number, version: number) {
  const app = `service-${String(index % 400)}`;
  const hash = (index * 2654435761).toString(36).slice(0, 10);
  const owner = kind === 'Pod' ? 'ReplicaSet' : 'Deployment';
  return {
    name: `${app}-${hash}-${String(index)}`,
    generateName: `${app}-${hash}-`,
    namespace: `team-${String(index % 40)}`,
    uid: `6f1c2d3e-0000-4000-8000-${String(index).padStart(12, '0')}`,
    resourceVersion: String(version),
    creationTimestamp: '2026-11-01T08:00:00Z',
    labels: { 'app.kubernetes.io/name': app, 'app.kubernetes.io/part-of': 'shop', 'pod-template-hash': hash },
    annotations: { 'kubectl.kubernetes.io/restartedAt': '2026-11-01T08:00:00Z', 'prometheus.io/scrape': 'true' },
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: owner,
        name: `${app}-${hash}`,
        uid: `7a1c2d3e-0000-4000-8000-${String(index).padStart(12, '0')}`,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
    managedFields: ['kube-controller-manager', 'kubelet'].map((manager) => ({
      manager,
      operation: 'Update',
      apiVersion: 'v1',
      time: '2026-11-01T08:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: Object.fromEntries(
        Array.from({ length: 12 }, (_, field) => [
          `f:field-${String(field)}`,
          { '.': {}, 'f:name': {}, 'f:value': {} },
        ]),
      ),
    })),
  };
}

function podOf(index: number) {
  const container = {
    name: 'main',
    image: `registry.example.com/shop/service:${String(index % 7)}.2.1`,
    ports: [{ name: 'http', containerPort: 8080, protocol: 'TCP' }],
    env: Array.from({ length: 8 }, (_, each) => ({ name: `SETTING_${String(each)}`, value: `value-${String(each)}` })),
    resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
    readinessProbe: { httpGet: { path: '/ready', port: 8080, scheme: 'HTTP' }, periodSeconds: 10 },
    terminationMessagePath: '/dev/termination-log',
    imagePullPolicy: 'IfNotPresent',
  };
  const conditions = ['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'];
  return {
    spec: {
      volumes: [{ name: 'kube-api-access', projected: { defaultMode: 420 } }],
      containers: [container],
      restartPolicy: 'Always',
      nodeName: `node-${String(index % 100)}`,
      serviceAccountName: 'default',
      tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }],
    },
    status: {
      phase: 'Running',
      conditions: conditions.map((type) => ({ type, status: 'True', lastTransitionTime: '2026-11-01T08:00:10Z' })),
      podIP: '10.1.2.3',
      containerStatuses: [{ name: 'main', ready: true, restartCount: 0, image: container.image, started: true }],
    },
  };
}
