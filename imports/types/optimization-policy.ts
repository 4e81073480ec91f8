// Generated from lib/ by `npm run generate`; do not edit.
import type { ObjectMeta } from '../../lib/kube/wire.js';
import type { ObjectMetaInput, Quantity } from './scalars.js';

export type { ObjectMetaInput, Quantity };

/**
 * How OptiPod right-sizes a set of workloads.
 */
export interface OptimizationPolicyInput {
  /**
   * The API group and version of this object.
   */
  apiVersion?: string;
  /**
   * The kind of this object.
   */
  kind?: string;
  metadata: ObjectMetaInput;
  /**
   * What the policy asks for.
   */
  spec: OptimizationPolicySpecInput;
  /**
   * What the operator last found.
   */
  status?: OptimizationPolicyStatusInput;
}
export interface LabelSelectorRequirementInput {
  /**
   * The label key.
   */
  key: string;
  /**
   * How the key relates to the values.
   */
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /**
   * Values for In and NotIn (at least one); must be absent for Exists and DoesNotExist.
   */
  values?: string[];
}
export interface LabelSelectorInput {
  /**
   * Labels that must be there with exactly these values; all of them (AND).
   */
  matchLabels?: {
    [k: string]: string;
  };
  /**
   * Label requirements; all of them must hold (AND).
   */
  matchExpressions?: LabelSelectorRequirementInput[];
}
export interface NamespaceFilterInput {
  /**
   * Only these namespaces. Empty allows all.
   */
  allow?: string[];
  /**
   * Never these namespaces; takes precedence over allow.
   */
  deny?: string[];
}
export interface WorkloadTypeFilterInput {
  /**
   * Only these kinds. Empty includes all.
   */
  include?: ('Deployment' | 'StatefulSet' | 'DaemonSet')[];
  /**
   * Never these kinds; takes precedence over include.
   */
  exclude?: ('Deployment' | 'StatefulSet' | 'DaemonSet')[];
}
export interface WorkloadSelectionInput {
  /**
   * Namespaces, by their labels.
   */
  namespaceSelector?: LabelSelectorInput;
  /**
   * Workloads, by the workload's own labels (not those of its pods).
   */
  workloadSelector?: LabelSelectorInput;
  /**
   * Namespaces, by name.
   */
  namespaces?: NamespaceFilterInput;
  /**
   * Kinds of workloads.
   */
  workloadTypes?: WorkloadTypeFilterInput;
}
export interface MetricsServerConfigInput {
  /**
   * How many samples there must be before anything is recommended.
   * @default - the setting of the operator (10)
   */
  minSamplesRequired?: number;
}
export interface MetricsConfigInput {
  /**
   * The metrics backend.
   */
  provider: 'prometheus' | 'metrics-server' | 'custom';
  /**
   * Only for the provider metrics-server.
   */
  metricsServer?: MetricsServerConfigInput;
  /**
   * How far back usage counts: a duration such as 12h, 7d or 1d12h, from 5m to 90d.
   * @default '24h'
   */
  rollingWindow?: string;
  /**
   * Which percentile of usage is recommended.
   * @default 'P90'
   */
  percentile?: 'P50' | 'P90' | 'P99';
  /**
   * Multiplier on the percentile: recommendation = percentile × safetyFactor.
   * @default 1.2
   */
  safetyFactor?: number;
}
export interface ResourceBoundInput {
  /**
   * The least CPU ever recommended, such as 100m or "0.1" (in quotes, as every fraction).
   */
  min: Quantity;
  /**
   * The most CPU ever recommended, such as 4 or 4000m.
   */
  max: Quantity;
}
export interface ResourceBoundsInput {
  /**
   * Bounds of every CPU recommendation.
   */
  cpu: ResourceBoundInput;
  /**
   * Bounds of every memory recommendation.
   */
  memory: ResourceBoundInput;
}
export interface LimitConfigInput {
  /**
   * CPU limit = recommended request × this.
   * @default 1
   */
  cpuLimitMultiplier?: number;
  /**
   * Memory limit = recommended request × this.
   * @default 1.1
   */
  memoryLimitMultiplier?: number;
}
export interface GradualDecreaseConfigInput {
  /**
   * Whether memory is lowered step by step.
   * @default false
   */
  enabled?: boolean;
  /**
   * The most that one step takes away, in percent.
   * @default 10
   */
  memoryDecreasePercentage?: number;
  /**
   * A decrease smaller than this is made at once.
   * @default '100Mi'
   */
  minimumDecreaseThreshold?: Quantity;
  /**
   * The most that all steps together take away from the original value, in percent.
   * @default 70
   */
  maximumTotalDecrease?: number;
}
export interface UpdateStrategyInput {
  /**
   * webhook changes pods at admission and never the workload (safe with GitOps); ssa changes the workload by server-side apply.
   * @default 'webhook'
   */
  strategy?: 'ssa' | 'webhook';
  /**
   * Only for the strategy webhook. onNextRestart leaves running pods alone; immediate restarts them, rolling.
   * @default 'onNextRestart'
   */
  rolloutStrategy?: 'immediate' | 'onNextRestart';
  /**
   * Whether running pods may be resized without a restart.
   * @default true
   */
  allowInPlaceResize?: boolean;
  /**
   * Whether a pod that cannot be resized in place may be evicted.
   * @default false
   */
  allowRecreate?: boolean;
  /**
   * Whether limits are left alone.
   * @default true
   */
  updateRequestsOnly?: boolean;
  /**
   * Only for the strategy ssa. Whether fields are owned by server-side apply.
   * @default true
   */
  useServerSideApply?: boolean;
  /**
   * How limits follow from requests; only when updateRequestsOnly is false.
   * @default {}
   */
  limitConfig?: LimitConfigInput;
  /**
   * Whether memory may be recommended below what a container was seen to need. It can be OOM-killed then.
   * @default false
   */
  allowUnsafeMemoryDecrease?: boolean;
  /**
   * Lowers memory step by step.
   * @default {}
   */
  gradualDecreaseConfig?: GradualDecreaseConfigInput;
}
export interface OptimizationPolicySpecInput {
  /**
   * Auto recommends and applies, Recommend only recommends, Disabled does nothing.
   */
  mode: 'Auto' | 'Recommend' | 'Disabled';
  /**
   * Of several policies that match a workload the one with the highest weight acts.
   * @default 100
   */
  weight?: number;
  /**
   * Which workloads the policy applies to: everything given must hold (AND). At least one of the four must say something, so that nobody takes a whole cluster by accident.
   */
  selector: WorkloadSelectionInput;
  /**
   * Where usage comes from and how it becomes a recommendation.
   */
  metricsConfig: MetricsConfigInput;
  /**
   * Bounds of every recommendation.
   */
  resourceBounds: ResourceBoundsInput;
  /**
   * How and when recommendations are applied.
   */
  updateStrategy: UpdateStrategyInput;
  /**
   * How often the policy is evaluated: a duration such as 5m or 1h, at least 10s.
   * @default '5m'
   */
  reconciliationInterval?: string;
}
export interface ConditionInput {
  /**
   * What the condition is about, in CamelCase.
   */
  type: string;
  /**
   * True, False or Unknown.
   */
  status: 'True' | 'False' | 'Unknown';
  /**
   * Why, in one CamelCase word.
   */
  reason: string;
  /**
   * Why, for a person.
   */
  message: string;
  /**
   * The metadata.generation that the condition was set for.
   */
  observedGeneration?: number;
  /**
   * When the status last changed from one value to another.
   */
  lastTransitionTime: string;
}
export interface WorkloadsByTypeInput {
  /**
   * Deployments.
   */
  deployments?: number;
  /**
   * StatefulSets.
   */
  statefulSets?: number;
  /**
   * DaemonSets.
   */
  daemonSets?: number;
}
export interface OptimizationPolicyStatusInput {
  /**
   * The state of the policy: Ready, MetricsAvailable and others.
   */
  conditions?: ConditionInput[];
  /**
   * The metadata.generation that this status was made for.
   */
  observedGeneration?: number;
  /**
   * How many workloads the policy governs.
   */
  workloadsDiscovered?: number;
  /**
   * How many of them have a recommendation.
   */
  workloadsProcessed?: number;
  /**
   * How many workloads the policy governs, by kind.
   */
  workloadsByType?: WorkloadsByTypeInput;
  /**
   * When the policy was last evaluated.
   */
  lastReconciliation?: string;
}

/**
 * How OptiPod right-sizes a set of workloads.
 */
export interface OptimizationPolicy {
  /**
   * The API group and version of this object.
   */
  apiVersion?: string;
  /**
   * The kind of this object.
   */
  kind?: string;
  metadata: ObjectMeta;
  /**
   * What the policy asks for.
   */
  spec: OptimizationPolicySpec;
  /**
   * What the operator last found.
   */
  status?: OptimizationPolicyStatus;
}
export interface LabelSelectorRequirement {
  /**
   * The label key.
   */
  key: string;
  /**
   * How the key relates to the values.
   */
  operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  /**
   * Values for In and NotIn (at least one); must be absent for Exists and DoesNotExist.
   */
  values?: string[];
}
export interface LabelSelector {
  /**
   * Labels that must be there with exactly these values; all of them (AND).
   */
  matchLabels?: {
    [k: string]: string;
  };
  /**
   * Label requirements; all of them must hold (AND).
   */
  matchExpressions?: LabelSelectorRequirement[];
}
export interface NamespaceFilter {
  /**
   * Only these namespaces. Empty allows all.
   */
  allow?: string[];
  /**
   * Never these namespaces; takes precedence over allow.
   */
  deny?: string[];
}
export interface WorkloadTypeFilter {
  /**
   * Only these kinds. Empty includes all.
   */
  include?: ('Deployment' | 'StatefulSet' | 'DaemonSet')[];
  /**
   * Never these kinds; takes precedence over include.
   */
  exclude?: ('Deployment' | 'StatefulSet' | 'DaemonSet')[];
}
export interface WorkloadSelection {
  /**
   * Namespaces, by their labels.
   */
  namespaceSelector?: LabelSelector;
  /**
   * Workloads, by the workload's own labels (not those of its pods).
   */
  workloadSelector?: LabelSelector;
  /**
   * Namespaces, by name.
   */
  namespaces?: NamespaceFilter;
  /**
   * Kinds of workloads.
   */
  workloadTypes?: WorkloadTypeFilter;
}
export interface MetricsServerConfig {
  /**
   * How many samples there must be before anything is recommended.
   * @default - the setting of the operator (10)
   */
  minSamplesRequired?: number;
}
export interface MetricsConfig {
  /**
   * The metrics backend.
   */
  provider: 'prometheus' | 'metrics-server' | 'custom';
  /**
   * Only for the provider metrics-server.
   */
  metricsServer?: MetricsServerConfig;
  /**
   * How far back usage counts: a duration such as 12h, 7d or 1d12h, from 5m to 90d.
   * @default '24h'
   */
  rollingWindow: string;
  /**
   * Which percentile of usage is recommended.
   * @default 'P90'
   */
  percentile: 'P50' | 'P90' | 'P99';
  /**
   * Multiplier on the percentile: recommendation = percentile × safetyFactor.
   * @default 1.2
   */
  safetyFactor: number;
}
export interface ResourceBound {
  /**
   * The least CPU ever recommended, such as 100m or "0.1" (in quotes, as every fraction).
   */
  min: Quantity;
  /**
   * The most CPU ever recommended, such as 4 or 4000m.
   */
  max: Quantity;
}
export interface ResourceBounds {
  /**
   * Bounds of every CPU recommendation.
   */
  cpu: ResourceBound;
  /**
   * Bounds of every memory recommendation.
   */
  memory: ResourceBound;
}
export interface LimitConfig {
  /**
   * CPU limit = recommended request × this.
   * @default 1
   */
  cpuLimitMultiplier: number;
  /**
   * Memory limit = recommended request × this.
   * @default 1.1
   */
  memoryLimitMultiplier: number;
}
export interface GradualDecreaseConfig {
  /**
   * Whether memory is lowered step by step.
   * @default false
   */
  enabled: boolean;
  /**
   * The most that one step takes away, in percent.
   * @default 10
   */
  memoryDecreasePercentage: number;
  /**
   * A decrease smaller than this is made at once.
   * @default '100Mi'
   */
  minimumDecreaseThreshold: Quantity;
  /**
   * The most that all steps together take away from the original value, in percent.
   * @default 70
   */
  maximumTotalDecrease: number;
}
export interface UpdateStrategy {
  /**
   * webhook changes pods at admission and never the workload (safe with GitOps); ssa changes the workload by server-side apply.
   * @default 'webhook'
   */
  strategy: 'ssa' | 'webhook';
  /**
   * Only for the strategy webhook. onNextRestart leaves running pods alone; immediate restarts them, rolling.
   * @default 'onNextRestart'
   */
  rolloutStrategy: 'immediate' | 'onNextRestart';
  /**
   * Whether running pods may be resized without a restart.
   * @default true
   */
  allowInPlaceResize: boolean;
  /**
   * Whether a pod that cannot be resized in place may be evicted.
   * @default false
   */
  allowRecreate: boolean;
  /**
   * Whether limits are left alone.
   * @default true
   */
  updateRequestsOnly: boolean;
  /**
   * Only for the strategy ssa. Whether fields are owned by server-side apply.
   * @default true
   */
  useServerSideApply: boolean;
  /**
   * How limits follow from requests; only when updateRequestsOnly is false.
   * @default {}
   */
  limitConfig: LimitConfig;
  /**
   * Whether memory may be recommended below what a container was seen to need. It can be OOM-killed then.
   * @default false
   */
  allowUnsafeMemoryDecrease: boolean;
  /**
   * Lowers memory step by step.
   * @default {}
   */
  gradualDecreaseConfig: GradualDecreaseConfig;
}
export interface OptimizationPolicySpec {
  /**
   * Auto recommends and applies, Recommend only recommends, Disabled does nothing.
   */
  mode: 'Auto' | 'Recommend' | 'Disabled';
  /**
   * Of several policies that match a workload the one with the highest weight acts.
   * @default 100
   */
  weight: number;
  /**
   * Which workloads the policy applies to: everything given must hold (AND). At least one of the four must say something, so that nobody takes a whole cluster by accident.
   */
  selector: WorkloadSelection;
  /**
   * Where usage comes from and how it becomes a recommendation.
   */
  metricsConfig: MetricsConfig;
  /**
   * Bounds of every recommendation.
   */
  resourceBounds: ResourceBounds;
  /**
   * How and when recommendations are applied.
   */
  updateStrategy: UpdateStrategy;
  /**
   * How often the policy is evaluated: a duration such as 5m or 1h, at least 10s.
   * @default '5m'
   */
  reconciliationInterval: string;
}
export interface Condition {
  /**
   * What the condition is about, in CamelCase.
   */
  type: string;
  /**
   * True, False or Unknown.
   */
  status: 'True' | 'False' | 'Unknown';
  /**
   * Why, in one CamelCase word.
   */
  reason: string;
  /**
   * Why, for a person.
   */
  message: string;
  /**
   * The metadata.generation that the condition was set for.
   */
  observedGeneration?: number;
  /**
   * When the status last changed from one value to another.
   */
  lastTransitionTime: string;
}
export interface WorkloadsByType {
  /**
   * Deployments.
   */
  deployments?: number;
  /**
   * StatefulSets.
   */
  statefulSets?: number;
  /**
   * DaemonSets.
   */
  daemonSets?: number;
}
export interface OptimizationPolicyStatus {
  /**
   * The state of the policy: Ready, MetricsAvailable and others.
   */
  conditions?: Condition[];
  /**
   * The metadata.generation that this status was made for.
   */
  observedGeneration?: number;
  /**
   * How many workloads the policy governs.
   */
  workloadsDiscovered?: number;
  /**
   * How many of them have a recommendation.
   */
  workloadsProcessed?: number;
  /**
   * How many workloads the policy governs, by kind.
   */
  workloadsByType?: WorkloadsByType;
  /**
   * When the policy was last evaluated.
   */
  lastReconciliation?: string;
}
