import type { Creatable, Pod, Readable, WorkloadObject } from 'optipod/kube';
import type { ClusterHold } from 'optipod/lib/recommend';
import type { Registry } from 'prom-client';
import type { Controller, EventRecorder } from '../runtime/index.js';
import type { OperatorSettings } from '../settings.js';
import type { SeenPod } from '../usage/pods.js';
import { onWorkload } from '../workloads/on-workload.js';
import { standingReport } from '../workloads/recommendation.js';
import { workloadKeyOfPod, workloadPods } from '../workloads/workload-pods.js';
import { parseWorkloadKey, workloadKey, type Workload } from '../workloads/workload.js';
import { followAutoscalers, type AutoscalerInformers } from './autoscalers/autoscalers.js';
import { createGate } from './guards/create-gate.js';
import type { DisruptionGate } from './guards/gate.js';
import { webhookProof } from './guards/webhook-proof.js';
import type { PodsApplication } from './pods/applications.js';
import { lookAt } from './pods/triggers.js';
import { podResourcesFor, type PodResourcesWiring } from './pods/wiring.js';
import { followHealth, followRollouts } from './rollback/follow-health.js';
import { createRollback, isWatched, type Rollback } from './rollback/rollback.js';

export interface ApplyingWiring extends Pick<PodResourcesWiring, 'client' | 'cluster' | 'webhookReady' | 'now'> {
  readonly settings: OperatorSettings;
  /** To what the controller of running pods declares. */
  readonly access: PodResourcesWiring['access'] & {
    readonly deploymentTemplates: Readable<WorkloadObject>;
    readonly statefulSetTemplates: Readable<WorkloadObject>;
    readonly daemonSetTemplates: Readable<WorkloadObject>;
    readonly newborns: Creatable<Pod>;
  };
  readonly autoscalers: AutoscalerInformers;
  readonly recommendations: PodResourcesWiring['recommendations'];
  /** Why nothing is applied by anybody, where that is so. */
  readonly stop: Parameters<typeof createGate>[0]['stop'];
  readonly event: EventRecorder['event'];
  readonly registry: Registry;
  /** Has a policy evaluated soon: `<namespace>/<name>`. */
  readonly evaluateSoon: (key: string, afterMs?: number) => void;
  /** Has the policy evaluated soon that acts on a workload: `<kind>/<namespace>/<name>`. */
  readonly evaluateGovernor: (workload: string, afterMs?: number) => void;
}

/** What passes of policies ask when they apply something, and the controller of running pods. */
export interface Applying {
  readonly controller: Controller;
  readonly gate: DisruptionGate;
  readonly rollback: Rollback;
  /** What autoscalers hold of a workload. */
  readonly holdsOn: (workload: Workload) => readonly ClusterHold[];
  /** The pods of a workload that are there to stay. */
  readonly podsOf: (workload: Workload) => readonly SeenPod[];
  /** What came of a workload's running pods: `<kind>/<namespace>/<name>`. */
  readonly ofPods: (workload: string) => PodsApplication | undefined;
}

/** What comes of pods comes pod by pod, and is told together. */
const TELL_MS = 3000;

export function applyingFor(wiring: ApplyingWiring): Applying {
  const { access, client, cluster, settings, recommendations, webhookReady, stop, event, evaluateGovernor, now } =
    wiring;
  const pods = workloadPods(access.pods.informer, (key, isFirstList) => lookAt(running.controller, key, isFirstList));
  const podsOf = pods.staying;
  const templates = {
    Deployment: access.deploymentTemplates,
    StatefulSet: access.statefulSetTemplates,
    DaemonSet: access.daemonSetTemplates,
  };
  const gate = createGate({
    settings,
    stop,
    recommendations,
    proof: webhookProof({
      cluster,
      webhookReady,
      podsOf,
      templates,
      newborns: access.newborns,
      retryMs: settings.webhookRetry,
      now,
    }),
    registry: wiring.registry,
    now,
  });
  const running = podResourcesFor({
    access,
    client,
    cluster,
    recommendations,
    pods,
    gate,
    installation: settings,
    webhookReady,
    stopped: stop,
    event: (workload, draft) => event(onWorkload(workload), draft),
    evaluateSoon: (key) => wiring.evaluateSoon(key, TELL_MS),
    now,
  });
  const evaluateWatched = (key: string | undefined, afterMs?: number) => {
    if (key === undefined || !isWatched(standingReport(recommendations, parseWorkloadKey(key)))) return;
    evaluateGovernor(key, afterMs);
  };
  followHealth(access.pods.informer, {
    evaluate: (pod, afterMs) => evaluateWatched(workloadKeyOfPod(pod), afterMs),
    now,
  });
  for (const workloads of Object.values(cluster.caches.workloads)) {
    followRollouts(workloads, (workload) => evaluateWatched(workloadKey(workload)));
  }
  return {
    controller: running.controller,
    gate,
    rollback: createRollback({
      podsOf,
      event,
      lookAgain: (workload, afterMs) => evaluateGovernor(workloadKey(workload), afterMs),
      settings,
    }),
    holdsOn: followAutoscalers(wiring.autoscalers, evaluateGovernor),
    podsOf,
    ofPods: running.of,
  };
}
