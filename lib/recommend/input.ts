import type { OptimizationPolicy } from '../../imports/types/optimization-policy.js';
import type { ResourceName } from '../api/index.js';
import type { LimitRange, PodSpec, ResourceRequirements } from '../kube/index.js';
import type { ContainerUsage } from '../usage/index.js';
import { amountIn } from './amount.js';
import type { GradualState } from './gradual.js';
import type { QuotaHeadroom } from './quota.js';

/** What the operator is set to, whatever policies say. */
export interface RecommendationSettings {
  /** Share that memory stays above what was used at most, or killed at. */
  readonly memoryHeadroom: number;
  /** Share of the current value below which a change does not matter. */
  readonly minChange: number;
  /** Seconds after which usage is too old to go by. */
  readonly staleAfter: number;
}

/** What the cluster has to say about what may be recommended. What is absent is not known, and holds nothing back. */
export interface ClusterConstraints {
  /** Those of the namespace. */
  readonly limitRanges?: readonly LimitRange[];
  readonly quotaHeadroom?: readonly QuotaHeadroom[];
  /** The most that any node can allocate: cores, bytes. */
  readonly largestNode?: Partial<Readonly<Record<ResourceName, number>>>;
  /** How many pods the workload has. @default 1 */
  readonly replicas?: number;
}

/** Somebody else's reason not to apply what is recommended: an autoscaler, a rollout. */
export interface ClusterHold {
  /** Absent where it is about all containers. */
  readonly container?: string;
  /** Absent where it is about both. */
  readonly resource?: ResourceName;
  /** Why, in one CamelCase word. */
  readonly reason: string;
  readonly message: string;
}

export type RecommendingSpec = Pick<
  OptimizationPolicy['spec'],
  'mode' | 'metricsConfig' | 'resourceBounds' | 'updateStrategy' | 'reconciliationInterval'
>;

/** What the recommendation of one resource of one container is made from. */
export interface RecommendationInput {
  /** Its name. */
  readonly container: string;
  readonly resource: ResourceName;
  /** The container's own, as kube-apiserver makes them of what its author wrote. */
  readonly resources: ResourceRequirements | undefined;
  /** The pod that the container is in, likewise. */
  readonly pod: PodSpec;
  readonly spec: RecommendingSpec;
  readonly usage: ContainerUsage | undefined;
  /** Distinct instants there must be. */
  readonly minSamples: number;
  /** Seconds since 1970. */
  readonly now: number;
  readonly settings: RecommendationSettings;
  /** What was last written for the container under this policy. */
  readonly standing?: ResourceRequirements | undefined;
  /** What its author said, where the template says what OptiPod put there. @default what the template says */
  readonly authored?: ResourceRequirements | undefined;
  /** Where its gradual decrease is, if one ever began. */
  readonly gradual?: GradualState | undefined;
  /** Whether all pods of the workload have what was last written for its memory. */
  readonly stepInEffect?: boolean;
  readonly constraints?: ClusterConstraints;
  readonly holds?: readonly ClusterHold[];
}

/**
 * Distinct instants of usage there must be: the policy's own number is for the metrics server, every other provider goes by the
 * operator's.
 */
export function minSamplesOf({ metricsConfig }: Pick<RecommendingSpec, 'metricsConfig'>, standard: number): number {
  const { provider, metricsServer } = metricsConfig;
  return provider === 'metrics-server' ? (metricsServer?.minSamplesRequired ?? standard) : standard;
}

/** A request and a limit in cores or bytes, each where there is one. */
export interface Amounts {
  readonly request: number | undefined;
  readonly limit: number | undefined;
}

/** Whether the template itself gets what is recommended: then it is what there is, whatever was said on the metadata. */
export function writesTemplate({ mode, updateStrategy }: Pick<RecommendingSpec, 'mode' | 'updateStrategy'>): boolean {
  return mode === 'Auto' && updateStrategy.strategy === 'ssa';
}

/** What a new pod gets: what was last written, where the webhook gives it to pods; else what the template says. */
export function inForce(input: RecommendationInput): Amounts {
  const { mode, updateStrategy } = input.spec;
  return mode === 'Auto' && updateStrategy.strategy === 'webhook' ? lastSaid(input) : ofTemplate(input);
}

/** What was last recommended; where nothing was, or it goes into the template, what the template says. */
export function lastSaid(input: RecommendationInput): Amounts {
  const { resource, standing, spec } = input;
  const template = ofTemplate(input);
  if (writesTemplate(spec)) return template;
  const limit = spec.updateStrategy.updateRequestsOnly ? undefined : amountIn(standing?.limits?.[resource]);
  return {
    request: amountIn(standing?.requests?.[resource]) ?? template.request,
    limit: limit ?? template.limit,
  };
}

export function ofTemplate({ resource, resources }: Pick<RecommendationInput, 'resource' | 'resources'>): Amounts {
  return { request: amountIn(resources?.requests?.[resource]), limit: amountIn(resources?.limits?.[resource]) };
}
