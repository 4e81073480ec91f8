import { servingCertificateUses, type KubeObject, type Readable, type Watched } from 'optipod/kube';
import { readPolicy } from 'optipod/lib/api';
import { NAMES, isPaused, podAdmission, policyAdmission } from 'optipod/lib/optipod';
import type { SelectionScope } from 'optipod/lib/policy';
import {
  createAccess,
  createManager,
  createMetrics,
  isNotFound,
  type KubeClient,
  type Logger,
  type Manager,
  type RuntimeMetrics,
} from '@optipod/operator/runtime';
import { Counter } from 'prom-client';
import { rightsOf } from './authors.js';
import { podHandler, type KnownOrFetched } from './pods.js';
import { policyHandler } from './policies.js';
import { admissionApp, admissionServer, servedCertificate, type AdmissionServer } from './server/index.js';
import type { WebhookSettings } from './settings.js';
import { wantedByWorkload, wantedOf } from './wanted.js';
import { namespaceMetadata, ownership, workloadMetadata, worldOf, type WorldCaches } from './world.js';

/** An owner that the cache lacks is asked for, within a fraction of the time kube-apiserver waits for the webhook; there may be two. */
const FETCH_TIMEOUT_MS = 1000;

const WORKLOADS = { Deployment: workloadMetadata, StatefulSet: workloadMetadata, DaemonSet: workloadMetadata };

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
  const { registry } = metrics;
  const namespace = settings.namespace ?? client.namespace;
  const manager = createManager({
    log,
    metrics,
    client,
    health: { port: settings.healthPort, ...(host ? { host } : {}) },
  });

  const access = createAccess({ client, namespace, fieldManager: NAMES.webhook });
  const ofPods = access.to(podAdmission.uses, {
    policies: readPolicy,
    replicaSets: ownership,
    namespaces: namespaceMetadata,
    ...WORKLOADS,
  });
  const ofPolicies = access.to(policyAdmission.uses, {
    policies: readPolicy,
    namespaces: namespaceMetadata,
    recommendations: wantedByWorkload,
    ...WORKLOADS,
  });

  const pods = podHandler({
    policies: ofPods.policies,
    replicaSets: knownOrFetched(ofPods.replicaSets, ownership),
    workloads: {
      Deployment: knownOrFetched(ofPods.Deployment, workloadMetadata),
      StatefulSet: knownOrFetched(ofPods.StatefulSet, workloadMetadata),
      DaemonSet: knownOrFetched(ofPods.DaemonSet, workloadMetadata),
    },
    limitRanges: ofPods.limitRanges,
    quotas: ofPods.quotas,
    isPaused: () => isPaused(ofPods.namespaces.get(undefined, namespace)?.annotations),
    count: counter(metrics, 'optipod_webhook_pods_total', 'Pods reviewed, by what became of them.'),
    log,
  });
  const caches: WorldCaches = {
    policies: ofPolicies.policies.informer,
    namespaces: ofPolicies.namespaces.informer,
    workloads: {
      Deployment: ofPolicies.Deployment.informer,
      StatefulSet: ofPolicies.StatefulSet.informer,
      DaemonSet: ofPolicies.DaemonSet.informer,
    },
  };
  const scope: SelectionScope = { ownNamespace: namespace, policyScope: settings.policyScope };
  const policyReview = policyHandler({
    scope,
    world: () => worldOf(caches, scope),
    wanted: (workloads) => wantedOf(ofPolicies.recommendations, workloads),
    ...(settings.checkAuthors
      ? { authorsRights: (author, reach, signal) => rightsOf(author, reach, ofPolicies.reviews, signal) }
      : {}),
    count: counter(metrics, 'optipod_webhook_policies_total', 'Policies reviewed, by what became of them.'),
    log,
  });
  const app = admissionApp([pods, policyReview], { log, metrics: registry });
  const server = admissionServer(app, { port: settings.port, drainMs: settings.drain, ...(host ? { host } : {}) });
  const { certificate } = access.to(servingCertificateUses(settings.certificateSecret ?? NAMES.certificateSecret));
  servedCertificate(server, certificate.informer, { name: NAMES.webhook, log, registry });

  manager.addReadyCheck('tls', () => server.serving);
  manager.add(server, server.drain, ...access.informers);
  return { manager, server };
}

function counter({ registry }: RuntimeMetrics, name: string, help: string): (result: string) => void {
  const reviewed = new Counter({ name, help, labelNames: ['result'], registers: [registry] });
  return (result) => reviewed.inc({ result });
}

function knownOrFetched<T>(
  objects: Readable<KubeObject> & Watched<T>,
  project: (object: KubeObject) => T,
): KnownOrFetched<T> {
  return {
    get: (namespace, name) => objects.get(namespace, name),
    async fetch(namespace, name, signal) {
      try {
        return project(await objects.read({ namespace, name }, { timeoutMs: FETCH_TIMEOUT_MS, signal }));
      } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
      }
    },
  };
}
