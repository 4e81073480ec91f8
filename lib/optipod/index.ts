import { OptimizationPolicy, WorkloadRecommendation } from '../api/index.js';
import {
  DaemonSet,
  defineAdmission,
  defineController,
  defineOperator,
  Deployment,
  EndpointSlice,
  LimitRangeKind,
  MutatingWebhookConfiguration,
  Namespace,
  PodKind,
  ReplicaSet,
  Secret,
  StatefulSet,
  use,
} from '../kube/index.js';
import { SYSTEM_NAMESPACES } from '../policy/index.js';
import { NAMES, WEBHOOK_NAMESPACE_LABEL } from './names.js';

export * from './names.js';

const WORKLOAD_KINDS = [Deployment, StatefulSet, DaemonSet];

/** Evaluates every policy at its interval: usage, recommendations, annotations, status. */
export const policyController = defineController(OptimizationPolicy, {
  name: 'optimizationpolicy',
  uses: [
    use(OptimizationPolicy, ['watch']),
    use(OptimizationPolicy, ['patch'], { subresource: 'status' }),
    use(Namespace, ['watch']),
    // Server-side apply of annotations is a patch.
    ...WORKLOAD_KINDS.map((kind) => use(kind, ['watch', 'patch'])),
    // Whether any webhook pod is ready to inject.
    use(EndpointSlice, ['watch'], { ownNamespace: true }),
  ],
});

/** Takes back what no policy stands behind any more, and has policies evaluated that gain a workload. */
export const workloadController = defineController(Deployment, {
  name: 'workload',
  uses: [
    use(OptimizationPolicy, ['watch']),
    use(Namespace, ['watch']),
    ...WORKLOAD_KINDS.map((kind) => use(kind, ['watch', 'patch'])),
  ],
});

/** Keeps the webhook's serving certificate, and the CA bundle by which kube-apiserver trusts it. */
export const certificateController = defineController(Secret, {
  name: 'webhook-certificate',
  uses: [
    use(Secret, ['watch', 'create', 'patch'], { ownNamespace: true, names: [NAMES.certificateSecret] }),
    use(MutatingWebhookConfiguration, ['watch', 'patch'], { names: [NAMES.webhookConfiguration] }),
  ],
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
  uses: [
    use(OptimizationPolicy, ['watch']),
    // Watched as metadata only: owner references and annotations.
    ...[ReplicaSet, ...WORKLOAD_KINDS].map((kind) => use(kind, ['watch'])),
    use(LimitRangeKind, ['watch']),
    use(Secret, ['watch'], { ownNamespace: true, names: [NAMES.certificateSecret] }),
  ],
});

/** OptiPod as data. Its manifests are derived from this, and its processes run it. */
export const optipod = defineOperator({
  name: NAMES.operator,
  resources: [OptimizationPolicy, WorkloadRecommendation],
  controllers: [policyController, workloadController, certificateController],
  admission: [podAdmission],
});
