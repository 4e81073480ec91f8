// Generated from lib/ by `npm run generate`; do not edit.
import type { ObjectMeta } from '../../lib/kube/wire.js';
import type { ObjectMetaInput } from './scalars.js';

export type { ObjectMetaInput };

/**
 * What OptiPod recommends for one workload, and how every number came to be. Written by the operator.
 */
export interface WorkloadRecommendationInput {
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
   * What the recommendation is about.
   */
  spec: WorkloadRecommendationSpecInput;
  /**
   * The recommendation and its explanation.
   */
  status?: WorkloadRecommendationStatusInput;
}
export interface RecommendedWorkloadInput {
  /**
   * The kind of the workload.
   */
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  /**
   * The name of the workload.
   */
  name: string;
  /**
   * The UID of the workload, which a namesake made later does not have.
   */
  uid: string;
}
export interface RecommendingPolicyInput {
  /**
   * The namespace of the policy.
   */
  namespace: string;
  /**
   * The name of the policy.
   */
  name: string;
  /**
   * The UID of the policy.
   */
  uid: string;
}
export interface WorkloadRecommendationSpecInput {
  /**
   * The workload, in the same namespace.
   */
  workload: RecommendedWorkloadInput;
  /**
   * The policy that governs the workload.
   */
  policy: RecommendingPolicyInput;
}
export interface RecommendedAmountsInput {
  /**
   * A quantity, such as 240m or 512Mi.
   */
  request?: string;
  /**
   * A quantity; absent where limits are left alone.
   */
  limit?: string;
}
export interface RecommendationStepInput {
  /**
   * What was done: Samples, Percentile, SafetyFactor, Bounds, MemoryFloor, Rounding, GradualDecrease, Limit, …
   */
  step: string;
  /**
   * The amount after it, as a quantity.
   */
  value?: string;
  /**
   * Why, for a person.
   */
  message?: string;
}
export interface RecommendationHoldInput {
  /**
   * Why, in one CamelCase word: NotEnoughSamples, HeldByQoS, HeldByHPA, …
   */
  reason: string;
  /**
   * Why, for a person.
   */
  message: string;
}
export interface ResourceExplanationInput {
  /**
   * What a new pod has without OptiPod: what the template says, with the defaults of Kubernetes.
   */
  current?: RecommendedAmountsInput;
  /**
   * What is recommended, be it held; absent where there is nothing to recommend from.
   */
  recommended?: RecommendedAmountsInput;
  /**
   * How many samples of usage there were, of all pods.
   */
  samples?: number;
  /**
   * How many distinct instants they come from.
   */
  instants?: number;
  /**
   * The first of them.
   */
  from?: string;
  /**
   * The last of them.
   */
  to?: string;
  /**
   * The steps of the recommendation, each with the value it led to.
   */
  steps?: RecommendationStepInput[];
  /**
   * Why nothing is recommended, or what is recommended is not applied.
   */
  hold?: RecommendationHoldInput;
}
export interface GradualDecreaseStateInput {
  /**
   * What the template said before the first step, as a quantity.
   */
  original: string;
  /**
   * What the last step led to, as a quantity.
   */
  value: string;
  /**
   * When that was.
   */
  at: string;
}
export interface ContainerRecommendationInput {
  /**
   * The name of the container.
   */
  name: string;
  /**
   * How the recommendation of CPU came to be.
   */
  cpu?: ResourceExplanationInput;
  /**
   * How the recommendation of memory came to be.
   */
  memory?: ResourceExplanationInput;
  /**
   * Where the gradual decrease of memory is; the next step starts from here.
   */
  gradualDecrease?: GradualDecreaseStateInput;
}
export interface RecommendationSummaryInput {
  /**
   * Kind and name of the workload: Deployment/web.
   */
  workload?: string;
  /**
   * Requested now and recommended: 100m -> 240m.
   */
  cpu?: string;
  /**
   * Requested now and recommended: 128Mi -> 512Mi.
   */
  memory?: string;
  /**
   * What becomes of it: Applied, Recommended or Held; Released where no policy stands behind it any more.
   */
  state?: string;
  /**
   * Why, in one CamelCase word.
   */
  reason?: string;
}
export interface ContainerAmountsInput {
  /**
   * The name of the container.
   */
  name: string;
  /**
   * Its CPU; absent where nothing was said.
   */
  cpu?: RecommendedAmountsInput;
  /**
   * Its memory; absent where nothing was said.
   */
  memory?: RecommendedAmountsInput;
}
export interface SuspensionInput {
  /**
   * Why, in one CamelCase word: SSAConflict, RolledBack, Regressed.
   */
  reason: string;
  /**
   * Why, for a person, and what to do.
   */
  message: string;
  /**
   * When that began.
   */
  since: string;
  /**
   * When it ends by itself.
   */
  until: string;
  /**
   * A hash of the template but for CPU and memory; an edit of the template ends it earlier.
   */
  content?: string;
  /**
   * UID and generation of the policy at that time; an edit, or another one, ends it earlier.
   */
  policy?: string;
  /**
   * What the workload regressed with, and is to have no more.
   */
  containers?: ContainerAmountsInput[];
}
export interface TakenBackInput {
  /**
   * When that was seen.
   */
  at: string;
  /**
   * The field manager that did it.
   */
  by: string;
}
export interface RecommendationChangeInput {
  /**
   * Since when.
   */
  at: string;
  /**
   * What is to be applied; empty where its pods are to have what the template says.
   */
  containers?: ContainerAmountsInput[];
  /**
   * Whether a pod did well with it for as long as pods are watched: what goes wrong later has other reasons.
   */
  proven?: boolean;
  /**
   * A hash of the template but for its resources: another one means that its author changed it.
   */
  content: string;
  /**
   * How many of its pods were available.
   */
  available: number;
  /**
   * Whether its rollout had failed.
   */
  failed?: boolean;
  /**
   * Containers that had been killed or crashed already: what they do is not blamed on the change.
   *
   * Items: The name of the container.
   */
  troubled?: string[];
}
export interface DisruptionInput {
  /**
   * When.
   */
  at: string;
  /**
   * A hash of what was recommended.
   */
  said: string;
}
export interface ApplyingStateInput {
  /**
   * Why nothing is applied to the workload for a while.
   */
  suspension?: SuspensionInput;
  /**
   * When somebody took back what was applied, the newest last.
   */
  takenBack?: TakenBackInput[];
  /**
   * What is to be applied, since when, and how the workload was at that time.
   */
  change?: RecommendationChangeInput;
  /**
   * When pods were last replaced, and for which recommendation; another one waits for the cooldown.
   */
  disruption?: DisruptionInput;
  /**
   * Since when new pods get from the webhook what the annotations say now; absent while they get nothing from it.
   */
  injectedSince?: string;
  /**
   * What the template said before OptiPod first wrote to it.
   */
  originals?: ContainerAmountsInput[];
  /**
   * What OptiPod wrote to the template, and nobody changed since.
   */
  applied?: ContainerAmountsInput[];
  /**
   * When OptiPod let go of the template; absent while it writes to it.
   */
  released?: string;
  /**
   * What was applied before that; where nothing was, a workload goes back to what its template says.
   */
  previous?: ContainerAmountsInput[];
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
export interface WorkloadRecommendationStatusInput {
  /**
   * By container.
   */
  containers?: ContainerRecommendationInput[];
  /**
   * All containers together, as `kubectl get` shows them.
   */
  summary?: RecommendationSummaryInput;
  /**
   * What OptiPod remembers of applying.
   */
  applying?: ApplyingStateInput;
  /**
   * When something of it was last applied to the workload or its pods.
   */
  lastApplied?: string;
  /**
   * Recommended and Applied, each with the reason of a refusal.
   */
  conditions?: ConditionInput[];
}

/**
 * What OptiPod recommends for one workload, and how every number came to be. Written by the operator.
 */
export interface WorkloadRecommendation {
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
   * What the recommendation is about.
   */
  spec: WorkloadRecommendationSpec;
  /**
   * The recommendation and its explanation.
   */
  status?: WorkloadRecommendationStatus;
}
export interface RecommendedWorkload {
  /**
   * The kind of the workload.
   */
  kind: 'Deployment' | 'StatefulSet' | 'DaemonSet';
  /**
   * The name of the workload.
   */
  name: string;
  /**
   * The UID of the workload, which a namesake made later does not have.
   */
  uid: string;
}
export interface RecommendingPolicy {
  /**
   * The namespace of the policy.
   */
  namespace: string;
  /**
   * The name of the policy.
   */
  name: string;
  /**
   * The UID of the policy.
   */
  uid: string;
}
export interface WorkloadRecommendationSpec {
  /**
   * The workload, in the same namespace.
   */
  workload: RecommendedWorkload;
  /**
   * The policy that governs the workload.
   */
  policy: RecommendingPolicy;
}
export interface RecommendedAmounts {
  /**
   * A quantity, such as 240m or 512Mi.
   */
  request?: string;
  /**
   * A quantity; absent where limits are left alone.
   */
  limit?: string;
}
export interface RecommendationStep {
  /**
   * What was done: Samples, Percentile, SafetyFactor, Bounds, MemoryFloor, Rounding, GradualDecrease, Limit, …
   */
  step: string;
  /**
   * The amount after it, as a quantity.
   */
  value?: string;
  /**
   * Why, for a person.
   */
  message?: string;
}
export interface RecommendationHold {
  /**
   * Why, in one CamelCase word: NotEnoughSamples, HeldByQoS, HeldByHPA, …
   */
  reason: string;
  /**
   * Why, for a person.
   */
  message: string;
}
export interface ResourceExplanation {
  /**
   * What a new pod has without OptiPod: what the template says, with the defaults of Kubernetes.
   */
  current?: RecommendedAmounts;
  /**
   * What is recommended, be it held; absent where there is nothing to recommend from.
   */
  recommended?: RecommendedAmounts;
  /**
   * How many samples of usage there were, of all pods.
   */
  samples?: number;
  /**
   * How many distinct instants they come from.
   */
  instants?: number;
  /**
   * The first of them.
   */
  from?: string;
  /**
   * The last of them.
   */
  to?: string;
  /**
   * The steps of the recommendation, each with the value it led to.
   */
  steps?: RecommendationStep[];
  /**
   * Why nothing is recommended, or what is recommended is not applied.
   */
  hold?: RecommendationHold;
}
export interface GradualDecreaseState {
  /**
   * What the template said before the first step, as a quantity.
   */
  original: string;
  /**
   * What the last step led to, as a quantity.
   */
  value: string;
  /**
   * When that was.
   */
  at: string;
}
export interface ContainerRecommendation {
  /**
   * The name of the container.
   */
  name: string;
  /**
   * How the recommendation of CPU came to be.
   */
  cpu?: ResourceExplanation;
  /**
   * How the recommendation of memory came to be.
   */
  memory?: ResourceExplanation;
  /**
   * Where the gradual decrease of memory is; the next step starts from here.
   */
  gradualDecrease?: GradualDecreaseState;
}
export interface RecommendationSummary {
  /**
   * Kind and name of the workload: Deployment/web.
   */
  workload?: string;
  /**
   * Requested now and recommended: 100m -> 240m.
   */
  cpu?: string;
  /**
   * Requested now and recommended: 128Mi -> 512Mi.
   */
  memory?: string;
  /**
   * What becomes of it: Applied, Recommended or Held; Released where no policy stands behind it any more.
   */
  state?: string;
  /**
   * Why, in one CamelCase word.
   */
  reason?: string;
}
export interface ContainerAmounts {
  /**
   * The name of the container.
   */
  name: string;
  /**
   * Its CPU; absent where nothing was said.
   */
  cpu?: RecommendedAmounts;
  /**
   * Its memory; absent where nothing was said.
   */
  memory?: RecommendedAmounts;
}
export interface Suspension {
  /**
   * Why, in one CamelCase word: SSAConflict, RolledBack, Regressed.
   */
  reason: string;
  /**
   * Why, for a person, and what to do.
   */
  message: string;
  /**
   * When that began.
   */
  since: string;
  /**
   * When it ends by itself.
   */
  until: string;
  /**
   * A hash of the template but for CPU and memory; an edit of the template ends it earlier.
   */
  content?: string;
  /**
   * UID and generation of the policy at that time; an edit, or another one, ends it earlier.
   */
  policy?: string;
  /**
   * What the workload regressed with, and is to have no more.
   */
  containers?: ContainerAmounts[];
}
export interface TakenBack {
  /**
   * When that was seen.
   */
  at: string;
  /**
   * The field manager that did it.
   */
  by: string;
}
export interface RecommendationChange {
  /**
   * Since when.
   */
  at: string;
  /**
   * What is to be applied; empty where its pods are to have what the template says.
   */
  containers?: ContainerAmounts[];
  /**
   * Whether a pod did well with it for as long as pods are watched: what goes wrong later has other reasons.
   */
  proven?: boolean;
  /**
   * A hash of the template but for its resources: another one means that its author changed it.
   */
  content: string;
  /**
   * How many of its pods were available.
   */
  available: number;
  /**
   * Whether its rollout had failed.
   */
  failed?: boolean;
  /**
   * Containers that had been killed or crashed already: what they do is not blamed on the change.
   *
   * Items: The name of the container.
   */
  troubled?: string[];
}
export interface Disruption {
  /**
   * When.
   */
  at: string;
  /**
   * A hash of what was recommended.
   */
  said: string;
}
export interface ApplyingState {
  /**
   * Why nothing is applied to the workload for a while.
   */
  suspension?: Suspension;
  /**
   * When somebody took back what was applied, the newest last.
   */
  takenBack?: TakenBack[];
  /**
   * What is to be applied, since when, and how the workload was at that time.
   */
  change?: RecommendationChange;
  /**
   * When pods were last replaced, and for which recommendation; another one waits for the cooldown.
   */
  disruption?: Disruption;
  /**
   * Since when new pods get from the webhook what the annotations say now; absent while they get nothing from it.
   */
  injectedSince?: string;
  /**
   * What the template said before OptiPod first wrote to it.
   */
  originals?: ContainerAmounts[];
  /**
   * What OptiPod wrote to the template, and nobody changed since.
   */
  applied?: ContainerAmounts[];
  /**
   * When OptiPod let go of the template; absent while it writes to it.
   */
  released?: string;
  /**
   * What was applied before that; where nothing was, a workload goes back to what its template says.
   */
  previous?: ContainerAmounts[];
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
export interface WorkloadRecommendationStatus {
  /**
   * By container.
   */
  containers?: ContainerRecommendation[];
  /**
   * All containers together, as `kubectl get` shows them.
   */
  summary?: RecommendationSummary;
  /**
   * What OptiPod remembers of applying.
   */
  applying?: ApplyingState;
  /**
   * When something of it was last applied to the workload or its pods.
   */
  lastApplied?: string;
  /**
   * Recommended and Applied, each with the reason of a refusal.
   */
  conditions?: Condition[];
}
