import type { OptimizationPolicy } from '../../imports/types/optimization-policy.js';
import type { ResourceName } from '../api/index.js';
import { parseQuantity, quantityOf, quantityToNumber, type PodSpec, type ResourceRequirements } from '../kube/index.js';
import { qosClass } from '../pod/index.js';
import type { Usage } from '../usage/index.js';
import { amountOf, formatUnits, unitsUp, unitsWithin } from './amount.js';
import type { Hold, Step } from './explanation.js';

/** One resource of one container: what is recommended, or why nothing is, and how that came to be. */
export interface ResourceRecommendation {
  readonly steps: readonly Step[];
  readonly request?: string;
  readonly limit?: string;
  readonly hold?: Hold;
}

/** What a recommendation is made from. */
export interface RecommendationInput {
  readonly resource: ResourceName;
  /** The container's own, as its author wrote them. */
  readonly resources: ResourceRequirements | undefined;
  /** The pod that the container is in. */
  readonly pod: PodSpec;
  readonly spec: Pick<OptimizationPolicy['spec'], 'metricsConfig' | 'resourceBounds' | 'updateStrategy'>;
  readonly usage: Usage | undefined;
  /** Distinct instants there must be. */
  readonly minSamples: number;
}

const PERCENTILES = { P50: 0.5, P90: 0.9, P99: 0.99 } as const;

/**
 * The recommendation chain: percentile → factor → bounds → rounding → limits. Pure; the same input gives the same
 * recommendation, and every step that changed something is told.
 */
export function recommend(input: RecommendationInput): ResourceRecommendation {
  const { resource, usage, minSamples, spec } = input;
  if (!usage) return { steps: [], hold: { reason: 'NoData', message: `no ${resource} usage within the window` } };
  const steps: Step[] = [
    { step: 'Samples', samples: usage.samples, instants: usage.instants, from: usage.from, to: usage.to },
  ];
  if (usage.instants < minSamples) {
    const message = `have ${usage.instants} samples of ${resource} usage, need ${minSamples}`;
    return { steps, hold: { reason: 'NotEnoughSamples', message } };
  }
  const hold = podHold(input);
  if (hold) return { steps, hold };

  const { percentile: rank, safetyFactor } = spec.metricsConfig;
  const used = usage.percentile(PERCENTILES[rank]);
  steps.push({ step: 'Percentile', percentile: rank, value: used });
  const wanted = used * safetyFactor;
  steps.push({ step: 'SafetyFactor', factor: safetyFactor, value: wanted });

  const units = withinBounds(input, wanted, steps);
  if (units < 1) {
    const message = `resourceBounds.${resource}.max is below ${formatUnits(resource, 1)}, the least that is recommended`;
    return { steps, hold: { reason: 'BoundsTooFine', message } };
  }
  return spec.updateStrategy.updateRequestsOnly
    ? requestOnly(input, units, steps)
    : requestAndLimit(input, units, steps);
}

/** What of the pod as a whole forbids changing any request in it. */
function podHold({ pod, spec }: RecommendationInput): Hold | undefined {
  if (pod.resources) {
    return { reason: 'PodLevelResources', message: 'the pod has resources of its own, which its containers share' };
  }
  if (spec.updateStrategy.updateRequestsOnly && qosClass(pod) === 'Guaranteed') {
    const message = 'requests equal limits (QoS class Guaranteed) and updateRequestsOnly leaves the limits alone';
    return { reason: 'HeldByQoS', message };
  }
  return undefined;
}

/** Clamps to the bounds and rounds up to a whole unit, down only where up would pass the upper bound. */
function withinBounds({ resource, spec }: RecommendationInput, wanted: number, steps: Step[]): number {
  const min = quantityOf(spec.resourceBounds[resource].min);
  const max = quantityOf(spec.resourceBounds[resource].max);
  let clamped = wanted;
  if (wanted < quantityToNumber(min)) {
    clamped = quantityToNumber(min);
    steps.push({ step: 'Bounds', bound: 'min', value: clamped });
  } else if (wanted > quantityToNumber(max)) {
    clamped = quantityToNumber(max);
    steps.push({ step: 'Bounds', bound: 'max', value: clamped });
  }
  const units = Math.min(unitsUp(resource, clamped), unitsWithin(resource, max));
  steps.push({ step: 'Rounding', value: amountOf(resource, units) });
  return units;
}

/** A request above a limit that stays as it is would make the pod invalid. */
function requestOnly(
  { resource, resources }: RecommendationInput,
  units: number,
  steps: Step[],
): ResourceRecommendation {
  const limit = parseQuantity(resources?.limits?.[resource] ?? '');
  const most = limit === undefined ? Infinity : unitsWithin(resource, limit);
  if (units <= most) return { steps, request: formatUnits(resource, units) };
  steps.push({ step: 'CappedByLimit', value: amountOf(resource, most) });
  // A limit finer than a unit leaves nothing whole below it: the limit itself is the request.
  const request = most >= 1 ? formatUnits(resource, most) : String(resources?.limits?.[resource]);
  return { steps, request };
}

/** limit = request × multiplier; a Guaranteed pod stays so, with its limit at the request. */
function requestAndLimit(
  { resource, pod, spec }: RecommendationInput,
  units: number,
  steps: Step[],
): ResourceRecommendation {
  const request = formatUnits(resource, units);
  if (qosClass(pod) === 'Guaranteed') {
    steps.push({ step: 'LimitEqualsRequest' });
    return { steps, request, limit: request };
  }
  const { cpuLimitMultiplier, memoryLimitMultiplier } = spec.updateStrategy.limitConfig;
  const multiplier = resource === 'cpu' ? cpuLimitMultiplier : memoryLimitMultiplier;
  const limitUnits = Math.max(units, unitsUp(resource, amountOf(resource, units) * multiplier));
  steps.push({ step: 'Limit', multiplier, value: amountOf(resource, limitUnits) });
  return { steps, request, limit: formatUnits(resource, limitUnits) };
}
