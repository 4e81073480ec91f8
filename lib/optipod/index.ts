import { OptimizationPolicy, WorkloadRecommendation } from '../api/index.js';
import {
  type AdmissionDefinition,
  DaemonSet,
  defineAdmission,
  defineController,
  defineOperator,
  Deployment,
  EndpointSlice,
  EventKind,
  eventUses,
  LimitRangeKind,
  Namespace,
  NodeKind,
  type OperatorDefinition,
  PodKind,
  ReplicaSet,
  ResourceQuotaKind,
  StatefulSet,
  SubjectAccessReview,
  use,
} from '../kube/index.js';
import { type PolicyScope, SYSTEM_NAMESPACES } from '../policy/index.js';
import { autoscalerUses } from './autoscalers.js';
import { podResourcesIn } from './applying-pods.js';
import { journalUses } from './journal.js';
import { PodMetricsKind } from './pod-metrics.js';
import { NAMES, WEBHOOK_NAMESPACE_LABEL } from './names.js';
import { WORKLOADS } from './workloads.js';

export * from './autoscalers.js';
export * from './credentials.js';
export * from './disruption-settings.js';
export * from './applying-pods.js';
export * from './journal.js';
export * from './webhook-proof.js';
export * from './metrics-settings.js';
export * from './names.js';
export * from './pod-metrics.js';
export * from './prometheus-settings.js';
export * from './settings.js';

/** Names, labels, annotations and owners are all that admission reads. */
const WORKLOAD_METADATA = {
  Deployment: use(Deployment, ['watch'], { metadataOnly: true }),
  StatefulSet: use(StatefulSet, ['watch'], { metadataOnly: true }),
  DaemonSet: use(DaemonSet, ['watch'], { metadataOnly: true }),
};

const YOUNG = 'when a pod comes before the watch has told of its workload';

/** Evaluates every policy at its interval: usage, recommendations, annotations, status. */
export const policyController = defineController(OptimizationPolicy, {
  name: 'optimizationpolicy',
  uses: {
    policies: use(OptimizationPolicy, ['watch']),
    statuses: use(OptimizationPolicy, ['patch'], { subresource: 'status' }),
    namespaces: use(Namespace, ['watch'], { metadataOnly: true }),
    ...WORKLOADS,
    // What is recommended, and why, for people to read.
    recommendations: use(WorkloadRecommendation, ['watch', 'create', 'patch']),
    // Whose usage it is, what was killed for want of memory, and whether the last step of a decrease is in effect.
    pods: use(PodKind, ['watch']),
    evictions: use(EventKind, ['watch'], { fieldSelector: 'reason=Evicted' }),
    // What a recommendation must keep to.
    limitRanges: use(LimitRangeKind, ['watch']),
    quotas: use(ResourceQuotaKind, ['watch']),
    nodes: use(NodeKind, ['watch']),
    // Who else goes by a workload's requests, or sets them.
    ...autoscalerUses,
    // Readings of metrics-server, and what is kept of what nobody can tell again.
    podMetrics: use(PodMetricsKind, ['list'], { rarely: 'where a policy says so: metricsConfig.provider' }),
    // RBAC knows no labels: OOM kills, and what is kept for a custom provider, are covered by the same.
    ...journalUses('metrics-server'),
    // What people should know of a policy.
    ...eventUses(),
    // Whether any webhook pod is ready to inject.
    endpoints: use(EndpointSlice, ['watch'], {
      ownNamespace: true,
      labelSelector: `kubernetes.io/service-name=${NAMES.webhook}`,
    }),
  },
});

/** Takes back what no policy stands behind any more, and has policies evaluated that gain a workload. */
export const workloadController = defineController(Deployment, {
  name: 'workload',
  uses: {
    policies: use(OptimizationPolicy, ['watch']),
    namespaces: use(Namespace, ['watch'], { metadataOnly: true }),
    ...WORKLOADS,
    // Changed for a workload that keeps what was applied to it although no policy is about it any more.
    recommendations: use(WorkloadRecommendation, ['watch', 'patch', 'delete']),
  },
});

/** Gives a newborn pod the resources that its workload's annotations say. */
export const podAdmission = defineAdmission(PodKind, {
  name: 'pods.optipod.io',
  type: 'mutating',
  path: '/mutate',
  operations: ['CREATE'],
  failurePolicy: 'Ignore',
  timeoutSeconds: 5,
  reinvocationPolicy: 'IfNeeded',
  namespaceSelector: {
    matchLabels: { [WEBHOOK_NAMESPACE_LABEL.key]: WEBHOOK_NAMESPACE_LABEL.value },
    matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values: SYSTEM_NAMESPACES }],
  },
  // The pods of the operator and the webhook themselves, wherever they are installed.
  objectSelector: {
    matchExpressions: [{ key: 'app.kubernetes.io/name', operator: 'NotIn', values: [NAMES.operator, NAMES.webhook] }],
  },
  uses: {
    policies: use(OptimizationPolicy, ['watch']),
    // Owner references and annotations; what is too young to be in memory is asked for.
    replicaSets: use(ReplicaSet, ['get', 'watch'], { metadataOnly: true }),
    Deployment: use(Deployment, ['get', 'watch'], { metadataOnly: true, rarely: YOUNG }),
    StatefulSet: use(StatefulSet, ['get', 'watch'], { metadataOnly: true, rarely: YOUNG }),
    DaemonSet: use(DaemonSet, ['get', 'watch'], { metadataOnly: true, rarely: YOUNG }),
    // What a changed pod must keep to.
    limitRanges: use(LimitRangeKind, ['watch']),
    quotas: use(ResourceQuotaKind, ['watch']),
    // Whether somebody has stopped everything, by an annotation of the operator's own.
    namespaces: use(Namespace, ['watch'], { metadataOnly: true }),
  },
});

/** Refuses policies that are wrong, or reach farther than their author may, and warns about those that are probably wrong. */
export const policyAdmission = defineAdmission(OptimizationPolicy, {
  name: 'policies.optipod.io',
  type: 'validating',
  path: '/validate',
  operations: ['CREATE', 'UPDATE'],
  // The CRD has the rules as well; a webhook that is down must not keep anybody from editing a policy.
  failurePolicy: 'Ignore',
  timeoutSeconds: 5,
  uses: {
    policies: use(OptimizationPolicy, ['watch']),
    namespaces: use(Namespace, ['watch'], { metadataOnly: true }),
    ...WORKLOAD_METADATA,
    // What usage of the workloads asks for, against the bounds.
    recommendations: use(WorkloadRecommendation, ['watch']),
    // Whether the author may do himself what the policy would have done.
    reviews: use(SubjectAccessReview, ['create']),
  },
});

/** What an installation is told that changes what OptiPod does with the API: its rights follow. */
export interface OptiPodOptions {
  /** Whether policies reach workloads of other namespaces than their own. @default 'Cluster' */
  readonly policyScope?: PolicyScope | undefined;
  /** Whether a policy is refused that reaches farther than its author may. @default true */
  readonly checkAuthors?: boolean | undefined;
  /** Whether running pods may be resized in place. @default true */
  readonly inPlaceResize?: boolean | undefined;
  /** Whether pods may be evicted. @default true */
  readonly recreate?: boolean | undefined;
}

/** OptiPod as data, as an installation has it. Its manifests are derived from this, and its processes run it. */
export function optipodWith(options: OptiPodOptions = {}): OperatorDefinition {
  const { policyScope = 'Cluster', checkAuthors = true, inPlaceResize = true, recreate = true } = options;
  // What a policy reaches in its own namespace, whoever may write it there may have anyway.
  const asksAboutAuthors = checkAuthors && policyScope === 'Cluster';
  return defineOperator({
    name: NAMES.operator,
    resources: [OptimizationPolicy, WorkloadRecommendation],
    controllers: [policyController, workloadController, podResourcesIn({ inPlaceResize, recreate })],
    admission: [podAdmission, asksAboutAuthors ? policyAdmission : withoutAuthors(policyAdmission)],
  });
}

/** OptiPod with everything on. */
export const optipod = optipodWith();

function withoutAuthors({ uses: { reviews: _, ...uses }, ...handler }: typeof policyAdmission): AdmissionDefinition {
  return { ...handler, uses };
}
