import { DaemonSet, Deployment, LimitRangeKind, ReplicaSet, Secret, StatefulSet, type KubeObject } from 'optipod/kube';
import { OptimizationPolicy, readPolicy } from 'optipod/lib/api';
import { NAMES } from 'optipod/lib/optipod';
import {
  createInformer,
  createManager,
  createMetrics,
  isNotFound,
  type KubeClient,
  type Logger,
  type Manager,
  type RuntimeMetrics,
} from '@optipod/operator/runtime';
import { Counter } from 'prom-client';
import { podHandler, type ObjectMetadata } from './pods.js';
import { admissionApp, admissionServer, type AdmissionServer } from './server/index.js';
import type { WebhookSettings } from './settings.js';

/** A ReplicaSet that the cache lacks is asked for, within a fraction of the time kube-apiserver waits for the webhook. */
const FETCH_TIMEOUT_MS = 1000;

export interface WebhookOptions {
  readonly client: KubeClient;
  readonly settings: WebhookSettings;
  readonly log: Logger;
  /** @default new ones in a registry of their own */
  readonly metrics?: RuntimeMetrics;
  /** Where to listen. @default all addresses */
  readonly host?: string;
}

/** OptiPod's admission webhook, ready to run. */
export function createWebhook(options: WebhookOptions): {
  readonly manager: Manager;
  readonly server: AdmissionServer;
} {
  const { client, settings, log, metrics = createMetrics(), host } = options;
  const namespace = settings.namespace ?? client.namespace;
  const manager = createManager({
    log,
    metrics,
    client,
    health: { port: settings.healthPort, ...(host ? { host } : {}) },
  });

  const metadata = { metadataOnly: true, project: metadataOf } as const;
  const policies = createInformer(client, OptimizationPolicy, { project: readPolicy });
  const replicaSets = createInformer(client, ReplicaSet, metadata);
  const workloads = {
    Deployment: createInformer(client, Deployment, metadata),
    StatefulSet: createInformer(client, StatefulSet, metadata),
    DaemonSet: createInformer(client, DaemonSet, metadata),
  };
  const limitRanges = createInformer(client, LimitRangeKind);
  const certificate = createInformer(client, Secret, {
    namespace,
    fieldSelector: `metadata.name=${NAMES.certificateSecret}`,
  });

  const reviewed = new Counter({
    name: 'optipod_webhook_pods_total',
    help: 'Pods reviewed, by what became of them.',
    labelNames: ['result'],
    registers: [metrics.registry],
  });
  const handler = podHandler({
    policies,
    replicaSets,
    workloads,
    limitRanges,
    fetchReplicaSet: (inNamespace, name) => fetchReplicaSet(client, inNamespace, name),
    count: (result) => reviewed.inc({ result }),
    log,
  });
  const app = admissionApp([handler], { log, metrics: metrics.registry });
  const server = admissionServer(app, { port: settings.port, drainMs: settings.drain, ...(host ? { host } : {}) });

  certificate.onEvent(async (event) => {
    if (event.type === 'deleted') return;
    const { 'tls.crt': cert, 'tls.key': key } = event.object.data ?? {};
    if (!cert || !key) return;
    await server.use({ cert: decode(cert), key: decode(key) });
    log.info({ secret: NAMES.certificateSecret }, 'serving with this certificate');
  });
  manager.addReadyCheck('tls', () => server.serving);
  manager.add(server, server.drain);
  manager.add(policies, replicaSets, ...Object.values(workloads), limitRanges, certificate);
  return { manager, server };
}

function metadataOf({ metadata }: KubeObject): ObjectMetadata {
  const { uid, name, namespace, annotations, ownerReferences } = metadata;
  return {
    uid,
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(annotations ? { annotations } : {}),
    ...(ownerReferences ? { ownerReferences } : {}),
  };
}

async function fetchReplicaSet(
  client: KubeClient,
  namespace: string,
  name: string,
): Promise<ObjectMetadata | undefined> {
  try {
    const found = await client.get(
      ReplicaSet,
      { namespace, name },
      { metadataOnly: true, timeoutMs: FETCH_TIMEOUT_MS },
    );
    return metadataOf(found);
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
