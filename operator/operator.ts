import {
  DaemonSet,
  Deployment,
  EndpointSlice,
  MutatingWebhookConfiguration,
  Namespace,
  Secret,
  StatefulSet,
} from 'optipod/kube';
import { OptimizationPolicy, readPolicy } from 'optipod/lib/api';
import { NAMES } from 'optipod/lib/optipod';
import { CERTIFICATE_KEY, certificates, serviceNames } from './certificates/controller.js';
import { Cluster, type ClusterCaches } from './cluster.js';
import { prometheusProvider } from './metrics/prometheus/provider.js';
import type { MetricsProvider } from './metrics/provider.js';
import { policies } from './policies/controller.js';
import { Coverage } from './policies/coverage.js';
import {
  createInformer,
  createManager,
  createMetrics,
  type Controller,
  type KubeClient,
  type Logger,
  type Manager,
  type RuntimeMetrics,
} from './runtime/index.js';
import type { OperatorSettings } from './settings.js';
import { connectTriggers } from './triggers.js';
import { workloads } from './workloads/controller.js';
import { workloadOf } from './workloads/workload.js';

export interface OperatorOptions {
  readonly client: KubeClient;
  readonly settings: OperatorSettings;
  readonly log: Logger;
  /** @default new ones in a registry of their own */
  readonly metrics?: RuntimeMetrics;
  /** What kube-apiserver calls the webhook. @default the names of its Service */
  readonly webhookNames?: readonly string[];
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
}

/** A rollout or a burst of edits is one change to a policy. */
const SETTLE_MS = 1000;

/** OptiPod's operator, ready to run. */
export function createOperator(options: OperatorOptions): Manager {
  const { client, settings, log, metrics = createMetrics(), now = Date.now } = options;
  const namespace = settings.namespace ?? client.namespace;
  const manager = createManager({ log, metrics, client, health: { port: settings.healthPort } });

  const caches: ClusterCaches = {
    policies: createInformer(client, OptimizationPolicy, { project: readPolicy }),
    namespaces: createInformer(client, Namespace, { metadataOnly: true }),
    workloads: {
      Deployment: createInformer(client, Deployment, { project: workloadOf('Deployment') }),
      StatefulSet: createInformer(client, StatefulSet, { project: workloadOf('StatefulSet') }),
      DaemonSet: createInformer(client, DaemonSet, { project: workloadOf('DaemonSet') }),
    },
  };
  const cluster = new Cluster(caches, namespace);
  const endpoints = createInformer(client, EndpointSlice, {
    namespace,
    labelSelector: `kubernetes.io/service-name=${NAMES.webhook}`,
  });
  const webhookReady = () =>
    endpoints.list().some((slice) => slice.endpoints?.some(({ conditions }) => conditions?.ready !== false));

  const coverage = new Coverage();
  const evaluateSoon = (key: string) => policyController.enqueueAfter(key, SETTLE_MS);
  const policyController: Controller = policies({
    client,
    cluster,
    coverage,
    evaluateSoon,
    providers: providersOf(settings),
    minSamples: settings.minSamples,
    webhookReady,
    now,
  });
  const workloadController = workloads({
    client,
    cluster,
    coverage,
    evaluateSoon,
  });
  const triggers = connectTriggers(cluster, {
    policies: policyController,
    workloads: workloadController,
    evaluateSoon,
  });
  // What is so from the start is nothing new.
  let wasReady: boolean | undefined;
  void endpoints.synced.then(() => (wasReady = webhookReady()));
  endpoints.onEvent(() => {
    const isReady = webhookReady();
    if (wasReady === undefined || wasReady === isReady) return;
    wasReady = isReady;
    triggers.webhookChanged();
  });

  const certificateController = certificates({
    client,
    namespace,
    dnsNames: options.webhookNames ?? serviceNames(namespace),
    metrics,
    now,
  });
  // Watched so that a certificate or a CA bundle that somebody removed is back at once.
  const trust = [
    createInformer(client, Secret, {
      namespace,
      fieldSelector: `metadata.name=${NAMES.certificateSecret}`,
      metadataOnly: true,
    }),
    createInformer(client, MutatingWebhookConfiguration, {
      fieldSelector: `metadata.name=${NAMES.webhookConfiguration}`,
      metadataOnly: true,
    }),
  ];
  for (const informer of trust) informer.onEvent(() => certificateController.enqueue(CERTIFICATE_KEY));
  certificateController.enqueue(CERTIFICATE_KEY);

  manager.add(caches.policies, caches.namespaces, ...Object.values(caches.workloads), endpoints, ...trust);
  manager.add(policyController, workloadController, certificateController);
  return manager;
}

function providersOf(settings: OperatorSettings): { prometheus?: MetricsProvider } {
  if (settings.prometheusUrl === undefined) return {};
  return {
    prometheus: prometheusProvider({
      url: settings.prometheusUrl,
      stepMs: settings.prometheusStep,
      rateWindowMs: settings.prometheusRateWindow,
      settleMs: settings.prometheusSettle,
      timeoutMs: settings.prometheusTimeout,
    }),
  };
}
