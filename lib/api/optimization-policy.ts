import type { OptimizationPolicy as OptimizationPolicyObject } from '../../imports/types/optimization-policy.js';
import {
  celIsQuantity,
  conditionList,
  defineResource,
  DURATION_PATTERN,
  durationBetween,
  labelSelector,
  positiveQuantity,
  type KubeObject,
  type Resource,
  type Schema,
} from '../kube/index.js';

const workloadTypes = (description: string) =>
  ({
    type: 'array',
    description,
    maxItems: 3,
    'x-kubernetes-list-type': 'set',
    items: { type: 'string', enum: ['Deployment', 'StatefulSet', 'DaemonSet'] },
  }) as const satisfies Schema;

const namespaceNames = (description: string) =>
  ({
    type: 'array',
    description,
    maxItems: 1000,
    'x-kubernetes-list-type': 'set',
    items: { type: 'string', minLength: 1, maxLength: 63 },
  }) as const satisfies Schema;

const selector = {
  title: 'WorkloadSelection',
  type: 'object',
  description:
    'Which workloads the policy applies to: everything given must hold (AND). At least one of the four must say something, ' +
    'so that nobody takes a whole cluster by accident.',
  properties: {
    namespaceSelector: labelSelector('Namespaces, by their labels.'),
    workloadSelector: labelSelector("Workloads, by the workload's own labels (not those of its pods)."),
    namespaces: {
      title: 'NamespaceFilter',
      type: 'object',
      description: 'Namespaces, by name.',
      properties: {
        allow: namespaceNames('Only these namespaces. Empty allows all.'),
        deny: namespaceNames('Never these namespaces; takes precedence over allow.'),
      },
    },
    workloadTypes: {
      title: 'WorkloadTypeFilter',
      type: 'object',
      description: 'Kinds of workloads.',
      properties: {
        include: workloadTypes('Only these kinds. Empty includes all.'),
        exclude: workloadTypes('Never these kinds; takes precedence over include.'),
      },
    },
  },
  'x-kubernetes-validations': [
    {
      rule: [
        '(has(self.namespaceSelector) && (has(self.namespaceSelector.matchLabels) && size(self.namespaceSelector.matchLabels) > 0 || has(self.namespaceSelector.matchExpressions) && size(self.namespaceSelector.matchExpressions) > 0))',
        '(has(self.workloadSelector) && (has(self.workloadSelector.matchLabels) && size(self.workloadSelector.matchLabels) > 0 || has(self.workloadSelector.matchExpressions) && size(self.workloadSelector.matchExpressions) > 0))',
        '(has(self.namespaces) && (has(self.namespaces.allow) && size(self.namespaces.allow) > 0 || has(self.namespaces.deny) && size(self.namespaces.deny) > 0))',
        '(has(self.workloadTypes) && (has(self.workloadTypes.include) && size(self.workloadTypes.include) > 0 || has(self.workloadTypes.exclude) && size(self.workloadTypes.exclude) > 0))',
      ].join(' || '),
      message:
        'at least one of namespaceSelector, workloadSelector, namespaces and workloadTypes must be given and not be empty',
    },
  ],
} as const satisfies Schema;

const metricsConfig = {
  title: 'MetricsConfig',
  type: 'object',
  description: 'Where usage comes from and how it becomes a recommendation.',
  required: ['provider'],
  properties: {
    provider: {
      type: 'string',
      description: 'The metrics backend.',
      enum: ['prometheus', 'metrics-server', 'custom'],
    },
    metricsServer: {
      title: 'MetricsServerConfig',
      type: 'object',
      description: 'Only for the provider metrics-server.',
      properties: {
        minSamplesRequired: {
          type: 'integer',
          format: 'int32',
          description:
            'How many samples there must be before anything is recommended. Default: the setting of the operator (10).',
          minimum: 1,
          maximum: 100_000,
        },
      },
    },
    rollingWindow: durationBetween(DURATION_PATTERN, {
      description: 'How far back usage counts: a duration such as 12h, 7d or 1d12h, from 5m to 90d. Default: 24h.',
      default: '24h',
      least: '5m',
      most: '90d',
    }),
    percentile: {
      type: 'string',
      description: 'Which percentile of usage is recommended. Default: P90.',
      enum: ['P50', 'P90', 'P99'],
      default: 'P90',
    },
    safetyFactor: {
      type: 'number',
      format: 'double',
      description: 'Multiplier on the percentile: recommendation = percentile × safetyFactor. Default: 1.2.',
      minimum: 1,
      default: 1.2,
    },
  },
} as const satisfies Schema;

const bounds = (resource: string, min: string, max: string) =>
  ({
    title: 'ResourceBound',
    type: 'object',
    description: `Bounds of every ${resource} recommendation.`,
    required: ['min', 'max'],
    properties: {
      min: positiveQuantity({ description: `The least ${resource} ever recommended, such as ${min}.` }),
      max: positiveQuantity({ description: `The most ${resource} ever recommended, such as ${max}.` }),
    },
    'x-kubernetes-validations': [
      {
        // What is no quantity is reported at its own field alone.
        rule:
          `!(${celIsQuantity('self.min')}) || !(${celIsQuantity('self.max')}) || ` +
          'quantity(string(self.min)).compareTo(quantity(string(self.max))) <= 0',
        message: 'min must be less than or equal to max',
        fieldPath: '.min',
      },
    ],
  }) as const satisfies Schema;

const multiplier = (resource: string, standard: number) =>
  ({
    type: 'number',
    format: 'double',
    description: `${resource} limit = recommended request × this. Default: ${standard.toFixed(1)}.`,
    minimum: 1,
    maximum: 10,
    default: standard,
  }) as const satisfies Schema;

const updateStrategy = {
  title: 'UpdateStrategy',
  type: 'object',
  description: 'How and when recommendations are applied.',
  properties: {
    strategy: {
      type: 'string',
      description:
        'webhook changes pods at admission and never the workload (safe with GitOps); ssa changes the workload by server-side apply. Default: webhook.',
      enum: ['ssa', 'webhook'],
      default: 'webhook',
    },
    rolloutStrategy: {
      type: 'string',
      description:
        'Only for the strategy webhook. onNextRestart leaves running pods alone; immediate restarts them, rolling. Default: onNextRestart.',
      enum: ['immediate', 'onNextRestart'],
      default: 'onNextRestart',
    },
    allowInPlaceResize: {
      type: 'boolean',
      description: 'Whether running pods may be resized without a restart. Default: true.',
      default: true,
    },
    allowRecreate: {
      type: 'boolean',
      description: 'Whether a pod that cannot be resized in place may be evicted. Default: false.',
      default: false,
    },
    updateRequestsOnly: {
      type: 'boolean',
      description: 'Whether limits are left alone. Default: true.',
      default: true,
    },
    useServerSideApply: {
      type: 'boolean',
      description: 'Only for the strategy ssa. Whether fields are owned by server-side apply. Default: true.',
      default: true,
    },
    limitConfig: {
      title: 'LimitConfig',
      type: 'object',
      description: 'How limits follow from requests; only when updateRequestsOnly is false. Default: {}.',
      default: {},
      properties: {
        cpuLimitMultiplier: multiplier('CPU', 1),
        memoryLimitMultiplier: multiplier('Memory', 1.1),
      },
    },
    allowUnsafeMemoryDecrease: {
      type: 'boolean',
      description:
        'Whether memory may be recommended below what a container was seen to need. It can be OOM-killed then. Default: false.',
      default: false,
    },
    gradualDecreaseConfig: {
      title: 'GradualDecreaseConfig',
      type: 'object',
      description: 'Lowers memory step by step. Default: {}.',
      default: {},
      properties: {
        enabled: {
          type: 'boolean',
          description: 'Whether memory is lowered step by step. Default: false.',
          default: false,
        },
        memoryDecreasePercentage: {
          type: 'integer',
          format: 'int32',
          description: 'The most that one step takes away, in percent. Default: 10.',
          minimum: 1,
          maximum: 50,
          default: 10,
        },
        minimumDecreaseThreshold: positiveQuantity({
          description: 'A decrease smaller than this is made at once. Default: 100Mi.',
          default: '100Mi',
        }),
        maximumTotalDecrease: {
          type: 'integer',
          format: 'int32',
          description: 'The most that all steps together take away from the original value, in percent. Default: 70.',
          minimum: 1,
          maximum: 90,
          default: 70,
        },
      },
    },
  },
} as const satisfies Schema;

const count = (description: string) =>
  ({ type: 'integer', format: 'int32', description, minimum: 0 }) as const satisfies Schema;

/** The OptimizationPolicy API, complete: its CRD, types and bindings are all derived from this constant. */
export const definition = defineResource({
  group: 'optipod.io',
  version: 'v1alpha1',
  kind: 'OptimizationPolicy',
  scope: 'Namespaced',
  shortNames: ['optpol'],
  description: 'How OptiPod right-sizes a set of workloads.',
  spec: {
    title: 'OptimizationPolicySpec',
    type: 'object',
    description: 'What the policy asks for.',
    required: ['mode', 'selector', 'metricsConfig', 'resourceBounds', 'updateStrategy'],
    properties: {
      mode: {
        type: 'string',
        description: 'Auto recommends and applies, Recommend only recommends, Disabled does nothing.',
        enum: ['Auto', 'Recommend', 'Disabled'],
      },
      weight: {
        type: 'integer',
        format: 'int32',
        description: 'Of several policies that match a workload the one with the highest weight acts. Default: 100.',
        minimum: 1,
        maximum: 1000,
        default: 100,
      },
      selector,
      metricsConfig,
      resourceBounds: {
        title: 'ResourceBounds',
        type: 'object',
        description: 'Bounds of every recommendation.',
        required: ['cpu', 'memory'],
        properties: {
          cpu: bounds('CPU', '100m or "0.1" (in quotes, as every fraction)', '4 or 4000m'),
          memory: bounds('memory', '128Mi', '8Gi'),
        },
      },
      updateStrategy,
      reconciliationInterval: durationBetween(DURATION_PATTERN, {
        description: 'How often the policy is evaluated: a duration such as 5m or 1h, at least 10s. Default: 5m.',
        default: '5m',
        least: '10s',
      }),
    },
  },
  status: {
    title: 'OptimizationPolicyStatus',
    type: 'object',
    description: 'What the operator last found.',
    properties: {
      conditions: conditionList('The state of the policy: Ready, MetricsAvailable and others.'),
      observedGeneration: {
        type: 'integer',
        format: 'int64',
        description: 'The metadata.generation that this status was made for.',
        minimum: 0,
      },
      workloadsDiscovered: count('How many workloads the policy governs.'),
      workloadsProcessed: count('How many of them have a recommendation.'),
      workloadsByType: {
        title: 'WorkloadsByType',
        type: 'object',
        description: 'How many workloads the policy governs, by kind.',
        properties: {
          deployments: count('Deployments.'),
          statefulSets: count('StatefulSets.'),
          daemonSets: count('DaemonSets.'),
        },
      },
      lastReconciliation: { type: 'string', format: 'date-time', description: 'When the policy was last evaluated.' },
    },
  },
  printerColumns: [
    { name: 'Mode', type: 'string', jsonPath: '.spec.mode' },
    { name: 'Provider', type: 'string', jsonPath: '.spec.metricsConfig.provider' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
    { name: 'Discovered', type: 'integer', jsonPath: '.status.workloadsDiscovered' },
    { name: 'Processed', type: 'integer', jsonPath: '.status.workloadsProcessed' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
});

/** Typed by what is generated from it and documented; the compiler says where the two differ. */
export const OptimizationPolicy: Resource<OptimizationPolicyObject & KubeObject> = definition;
