import { readPolicy, readRecommendations, type ContainerResources } from 'optipod/lib/api';
import { optipod, podResourcesController, policyController, workloadController } from 'optipod/lib/optipod';
import { resizableContainers } from 'optipod/lib/pod';
import { writesTemplate } from 'optipod/lib/recommend';
import { AUTOSCALER_PROJECTIONS, followAutoscalers } from './applying/autoscalers/autoscalers.js';
import { createGate } from './applying/guards/create-gate.js';
import { webhookProof } from './applying/guards/webhook-proof.js';
import { podResourcesFor } from './applying/pods/wiring.js';
import { followHealth } from './applying/rollback/follow-health.js';
import { createRollback, isWatched } from './applying/rollback/rollback.js';
import { Cluster, policyKey, type ClusterCaches, type ValidPolicy } from './cluster.js';
import { constraintsOf, nodeCapacity } from './constraints.js';
import { metricsProviders } from './metrics/providers.js';
import type { MetricsProvider } from './metrics/reading.js';
import { policies } from './policies/controller.js';
import { Coverage } from './policies/coverage.js';
import { stopOf } from './policies/in-effect.js';
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
import { followPods, memoryInEffect, podsOf, seenPod, type SeenPod } from './usage/pods.js';
import { createUsageSources } from './usage/usage.js';
import { workloads } from './workloads/controller.js';
import { standingReport } from './workloads/recommendation.js';
import { onWorkload } from './workloads/on-workload.js';
import { Turns } from './workloads/turns.js';
import { parseWorkloadKey, WORKLOAD_PROJECTIONS, type Workload } from './workloads/workload.js';

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

/** What comes of pods comes pod by pod, and is told together. */
const TELL_MS = 3000;

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
  const endpoints = evaluating.endpoints.informer;
  const webhookReady = () =>
    endpoints.list().some((slice) => slice.endpoints?.some(({ conditions }) => conditions?.ready !== false));

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
    now,
  });
  const pods = evaluating.pods.informer;
  const constraints = {
    limitRanges: evaluating.limitRanges.informer,
    quotas: evaluating.quotas.informer,
    nodes: evaluating.nodes.informer,
  };
  const evaluateGovernor = (of: ReturnType<typeof parseWorkloadKey>) => {
    const found = cluster.workload(of);
    const policy = found && cluster.governor(found);
    if (policy) evaluateSoon(policyKey(policy));
  };
  const autoscalers = {
    horizontalAutoscalers: evaluating.horizontalAutoscalers.informer,
    scaledObjects: evaluating.scaledObjects.informer,
    verticalAutoscalers: evaluating.verticalAutoscalers.informer,
  };
  const holdsOn = followAutoscalers(autoscalers, (key) => evaluateGovernor(parseWorkloadKey(key)));
  const ownPods = (workload: Workload) => {
    const [history] = usage.histories;
    return history ? podsOf(pods, history, workload) : [];
  };
  const rollback = createRollback({ podsOf: ownPods, event: recorder.event, settings });
  const coverage = new Coverage();
  const turns = new Turns();
  const evaluateSoon = (key: string, afterMs = SETTLE_MS) => evaluation.enqueueAfter(key, afterMs);
  const gate = createGate({
    settings,
    stop,
    recommendations: evaluating.recommendations,
    proof: webhookProof({
      cluster,
      webhookReady,
      podsOf: ownPods,
      templates: {
        Deployment: resizing.deploymentTemplates,
        StatefulSet: resizing.statefulSetTemplates,
        DaemonSet: resizing.daemonSetTemplates,
      },
      newborns: resizing.newborns,
      now,
    }),
    registry: metrics.registry,
    now,
  });
  const podResources = podResourcesFor({
    access: resizing,
    client,
    cluster,
    gate,
    installation: settings,
    webhookReady,
    stopped: stop,
    event: (workload, event) => recorder.event(onWorkload(workload), event),
    evaluateSoon: (key) => evaluation.enqueueAfter(key, TELL_MS),
    now,
  });
  const evaluation: Controller = policies({
    writers: evaluating,
    turns,
    statuses: evaluating.statuses,
    reports: {
      recommendations: evaluating.recommendations,
      specs: evaluating.recommendationSpecs,
      statuses: evaluating.recommendationStatuses,
    },
    cluster,
    coverage,
    evaluateSoon,
    usage,
    constraintsOf: (workload) => constraintsOf(constraints, workload),
    holdsOn,
    ofPods: podResources.of,
    rollback,
    inEffect: (workload, policy) => memoryInEffectOf(workload, policy, ownPods(workload)),
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
    gate,
    event: recorder.event,
    now,
  });
  const tidyUp = workloads({
    writers: tidying,
    reports: { recommendations: tidying.recommendations, statuses: tidying.recommendationStatuses },
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
    onKill: ({ namespace: where, kind, workload }) => evaluateGovernor({ kind, namespace: where, name: workload }),
  });
  followHealth(pods, ({ metadata: { namespace: where = '', name } }) => {
    const [history] = usage.histories;
    const owner = history?.owners.certain(where, name, history.namesIn(where));
    if (!owner || owner === 'stranger') return;
    const workload = { kind: owner.kind, namespace: where, name: owner.name };
    if (isWatched(standingReport(evaluating.recommendations, workload))) evaluateGovernor(workload);
  });
  const triggers = connectTriggers(cluster, {
    policies: evaluation,
    workloads: tidyUp,
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
    podResources.controller,
    ...certificate,
  );
  return manager;
}

/** The containers whose memory, as the template or else the annotations say it, every pod of a workload has. */
function memoryInEffectOf(workload: Workload, { spec }: ValidPolicy, pods: readonly SeenPod[]): ReadonlySet<string> {
  const said: ContainerResources = writesTemplate(spec)
    ? new Map(resizableContainers(workload.pod).map(({ container }) => [container.name, container.resources ?? {}]))
    : readRecommendations(workload.metadata.annotations);
  return memoryInEffect(pods, new Map([...said].map(([container, { requests }]) => [container, requests?.memory])));
}
