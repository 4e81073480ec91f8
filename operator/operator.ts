import { readPolicy } from 'optipod/lib/api';
import { optipod, podResourcesController, policyController, workloadController } from 'optipod/lib/optipod';
import { AUTOSCALER_PROJECTIONS } from './applying/autoscalers/autoscalers.js';
import { applyingFor } from './applying/wiring.js';
import { Cluster, policyKey, type ClusterCaches } from './cluster.js';
import { constraintsOf, nodeCapacity } from './constraints.js';
import { metricsProviders } from './metrics/providers.js';
import type { MetricsProvider } from './metrics/reading.js';
import { policies } from './policies/controller.js';
import { Coverage } from './policies/coverage.js';
import { stopOf } from './policies/in-effect.js';
import { memoryInEffect } from './policies/memory-in-effect.js';
import { UsageWaits } from './policies/usage-waits.js';
import {
  certificateController,
  createAccess,
  createEventRecorder,
  createManager,
  createMetrics,
  type Controller,
  type KubeClient,
  type LeaderElection,
  type Logger,
  type Manager,
  type RuntimeMetrics,
} from './runtime/index.js';
import type { OperatorSettings } from './settings.js';
import { connectTriggers } from './triggers.js';
import { followPods, seenPod } from './usage/pods.js';
import { createUsageSources } from './usage/usage.js';
import { workloads } from './workloads/controller.js';
import { webhookReadiness } from './webhook-readiness.js';
import { Leftovers } from './workloads/leftovers.js';
import { Turns } from './workloads/turns.js';
import { parseWorkloadKey, WORKLOAD_PROJECTIONS, workloadKey } from './workloads/workload.js';

export interface OperatorOptions {
  readonly client: KubeClient;
  readonly settings: OperatorSettings;
  readonly log: Logger;
  /** @default new ones in a registry of their own */
  readonly metrics?: RuntimeMetrics;
  /** A metrics provider of one's own, for policies whose provider is custom. @default the one that the settings configure */
  readonly custom?: MetricsProvider;
  /** Whose fence the client has. @default this replica is alone */
  readonly leaderElection?: LeaderElection | undefined;
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
  const manager = createManager({
    log,
    metrics,
    client,
    health: { port: settings.healthPort },
    ...(options.leaderElection ? { leaderElection: options.leaderElection } : {}),
  });

  const access = createAccess({ client, namespace, fieldManager: optipod.name });
  const project = {
    policies: readPolicy,
    pods: seenPod,
    nodes: nodeCapacity,
    ...AUTOSCALER_PROJECTIONS,
    ...WORKLOAD_PROJECTIONS,
  };
  const evaluating = access.to(policyController.uses, project);
  const tidying = access.to(workloadController.uses, project);
  const resizing = access.to(podResourcesController.uses, project);

  const caches: ClusterCaches = {
    policies: evaluating.policies.informer,
    namespaces: evaluating.namespaces.informer,
    workloads: {
      Deployment: evaluating.Deployment.informer,
      StatefulSet: evaluating.StatefulSet.informer,
      DaemonSet: evaluating.DaemonSet.informer,
    },
  };
  const cluster = new Cluster(caches, namespace, settings.policyScope);
  const stop = () => stopOf(cluster, settings);
  const webhook = webhookReadiness(evaluating.endpoints.informer);
  const webhookReady = webhook.isReady;

  const recorder = createEventRecorder({ client, source: optipod.name, now });
  const usage = createUsageSources({
    providers: { ...metricsProviders(settings, client), ...(options.custom ? { custom: options.custom } : {}) },
    cluster,
    peakWindowMs: settings.memoryPeakWindow,
    journalAccess: (uses) => access.to(uses),
    namespace,
    creator: `${optipod.name}-operator`,
    log,
    onChange: (provider) => {
      for (const policy of cluster.caches.policies.list()) {
        if (policy.valid && policy.object.spec.metricsConfig.provider === provider) evaluateSoon(policyKey(policy));
      }
    },
    onKill: ({ kind, namespace: where, workload: name }) =>
      evaluateGovernor(workloadKey({ kind, metadata: { namespace: where, name } })),
    now,
  });
  const pods = evaluating.pods.informer;
  const constraints = {
    limitRanges: evaluating.limitRanges.informer,
    quotas: evaluating.quotas.informer,
    nodes: evaluating.nodes.informer,
  };
  const evaluateGovernor = (key: string, afterMs?: number) => {
    const workload = cluster.workload(parseWorkloadKey(key));
    const policy = workload && cluster.governor(workload);
    if (policy) evaluateSoon(policyKey(policy), afterMs);
  };
  const coverage = new Coverage();
  const leftovers = new Leftovers({ event: recorder.event, conflictHoldoff: settings.conflictHoldoff, now });
  const turns = new Turns();
  const evaluateSoon = (key: string, afterMs = SETTLE_MS) => evaluation.enqueueAfter(key, afterMs);
  const applying = applyingFor({
    access: resizing,
    client,
    cluster,
    settings,
    autoscalers: {
      horizontalAutoscalers: evaluating.horizontalAutoscalers.informer,
      scaledObjects: evaluating.scaledObjects.informer,
      verticalAutoscalers: evaluating.verticalAutoscalers.informer,
    },
    recommendations: evaluating.recommendations,
    webhookReady,
    stop,
    event: recorder.event,
    registry: metrics.registry,
    evaluateSoon,
    evaluateGovernor,
    now,
  });
  const { gate, rollback, holdsOn, podsOf, ofPods } = applying;
  const evaluation: Controller = policies({
    writers: evaluating,
    leftovers,
    turns,
    statuses: evaluating.statuses,
    reports: evaluating.recommendations,
    cluster,
    coverage,
    evaluateSoon,
    usage: { ...usage, waits: new UsageWaits() },
    constraintsOf: (workload) => constraintsOf(constraints, workload),
    gate,
    rollback,
    holdsOn,
    ofPods,
    inEffect: (workload, policy) => memoryInEffect(workload, policy, podsOf(workload)),
    stop,
    minSamples: settings.minSamples,
    recommending: {
      memoryHeadroom: settings.memoryHeadroom,
      minChange: settings.minChange,
      staleAfter: settings.staleAfter / 1000,
    },
    webhookReady,
    permissions: settings,
    conflictHoldoff: settings.conflictHoldoff,
    event: recorder.event,
    now,
  });
  const tidyUp = workloads({
    writers: tidying,
    leftovers,
    reports: tidying.recommendations,
    permissions: settings,
    now,
    turns,
    cluster,
    coverage,
    stop,
    evaluateSoon,
  });
  followPods({
    pods,
    evictions: evaluating.evictions.informer,
    histories: usage.histories,
    now,
  });
  const triggers = connectTriggers(cluster, {
    policies: evaluation,
    workloads: tidyUp,
    evaluateSoon,
  });
  webhook.onChange(triggers.webhookChanged);

  const certificate =
    settings.certificateMode === 'self'
      ? [certificateController(optipod, { access, namespace, dnsNames: options.webhookNames, metrics, now })]
      : [];
  manager.add(
    recorder,
    ...access.informers,
    ...usage.components,
    evaluation,
    tidyUp,
    applying.controller,
    ...certificate,
  );
  return manager;
}
