import { RESOURCE_NAMES, type ResourceName } from '../api/index.js';
import type { LimitRange, PodSpec, ResourceRequirements } from '../kube/index.js';
import { limitRangeViolation, podTotal, qosClass } from '../pod/index.js';
import { amountIn, amountOf, formatAmount, formatUnits, unitsDown } from './amount.js';
import { freshResources, type ContainerRecommendation } from './container.js';
import { hold, type Hold } from './explanation.js';
import type { GradualState } from './gradual.js';
import { writesTemplate, type ClusterConstraints, type RecommendingSpec } from './input.js';
import { demandHold, quotaShortage } from './quota.js';
import type { ResourceRecommendation } from './recommend.js';
import { withoutStep } from './untaken.js';

/** The pod that recommendations are for, and what there is around it. */
export interface PodSurroundings {
  /** As kube-apiserver makes it of the template. */
  readonly pod: PodSpec;
  readonly spec: RecommendingSpec;
  readonly constraints?: ClusterConstraints;
  /** Where gradual decreases were before, by container. */
  readonly gradual?: ReadonlyMap<string, GradualState>;
}

/**
 * What only all containers together show: a resource whose recommendations would break a LimitRange, a quota or the largest
 * node is held in all of them, and the pod keeps its class.
 */
export function heldByWholePod(
  containers: readonly ContainerRecommendation[],
  around: PodSurroundings,
): readonly ContainerRecommendation[] {
  const held = RESOURCE_NAMES.reduce((now, resource) => {
    const reason = podHold(now, resource, around);
    return reason ? holding(now, resource, reason, around) : now;
  }, containers);
  return keepingClass(heldByDemand(standingForClass(held, around), around), around);
}

function podHold(
  containers: readonly ContainerRecommendation[],
  resource: ResourceName,
  { pod, spec, constraints = {} }: PodSurroundings,
): Hold | undefined {
  const { limitRanges = [], quotaHeadroom = [], largestNode = {}, replicas = 1 } = constraints;
  const standing = podWith(pod, new Map(containers.map(({ name, standing: last }) => [name, managed(last, spec)])));
  const counted = spec.mode === 'Auto' && spec.updateStrategy.strategy === 'webhook' ? standing : pod;
  const fresh = new Map(containers.map((container) => [container.name, only(resource, freshResources(container))]));
  const after = podWith(counted, fresh);
  if (limitRangeViolation(pod, after, limitRanges)) {
    return hold('LimitRange', `the pod would break ${named(limitRanges)}`);
  }
  const [before, total] = [counted, after].map((one) => Number(podTotal(one, 'requests', resource) ?? 0n) / 1e9);
  const most = largestNode[resource];
  if (most !== undefined && total !== undefined && before !== undefined && total > most && total > before) {
    const message = `the pod would need ${formatAmount(resource, total)}, and no node has more than ${formatAmount(resource, most)}`;
    return hold('LargestNode', message);
  }
  const ofResource = quotaHeadroom.filter((one) => one.resource === resource);
  const shortage = quotaShortage(counted, after, replicas, ofResource);
  if (!shortage) return undefined;
  const { quota, field, left, needed } = shortage;
  const message =
    `${replicas} pods would need ${formatAmount(resource, needed)} more of ${field}.${resource}, and the ResourceQuota ` +
    `${quota} has ${formatAmount(resource, Math.max(0, left))} left`;
  return hold('QuotaExceeded', message);
}

function named(limitRanges: readonly LimitRange[]): string {
  const names = limitRanges.map(({ metadata }) => metadata.name).join(', ');
  return limitRanges.length === 1 ? `the LimitRange ${names}` : `one of the LimitRanges ${names}`;
}

function heldByDemand(
  containers: readonly ContainerRecommendation[],
  around: PodSurroundings,
): readonly ContainerRecommendation[] {
  const { pod, spec, constraints } = around;
  const reason = demandHold(pod, applied(pod, containers, spec), constraints?.quotaHeadroom ?? []);
  // New pods do not get what stands either, so that it is near enough is no reason any more.
  return reason ? holdingAll(containers, reason, around, 'BelowThreshold') : containers;
}

/**
 * Holds one resource of all containers; what has a hold keeps it. A step that is held is not one that was taken.
 * @param lesser the reason of a hold that is not kept
 */
function holding(
  containers: readonly ContainerRecommendation[],
  resource: ResourceName,
  reason: Hold,
  { gradual }: Pick<PodSurroundings, 'gradual'>,
  lesser?: Hold['reason'],
): readonly ContainerRecommendation[] {
  return containers.map((container) => {
    const own = container[resource];
    if ((own.hold && own.hold.reason !== lesser) || own.request === undefined) return container;
    const held = { ...container, [resource]: { ...own, hold: reason } };
    return resource === 'memory' ? withoutStep(held, gradual?.get(container.name)) : held;
  });
}

/** Likewise of all resources. */
function holdingAll(
  containers: readonly ContainerRecommendation[],
  reason: Hold,
  around: PodSurroundings,
  lesser?: Hold['reason'],
): readonly ContainerRecommendation[] {
  return RESOURCE_NAMES.reduce((now, resource) => holding(now, resource, reason, around, lesser), containers);
}

/**
 * A pod that is not Guaranteed must not become so: kube-apiserver resizes no pod across classes. One unit of one amount is
 * enough for that: a limit one higher, or where limits are left alone, a request one lower, of CPU rather than of memory.
 */
function keepingClass(
  containers: readonly ContainerRecommendation[],
  around: PodSurroundings,
): readonly ContainerRecommendation[] {
  const { pod, spec, constraints } = around;
  const was = qosClass(pod);
  if (!containers.some(freshResources) || isKept(containers, around)) return containers;
  for (const resource of was === 'Guaranteed' ? [] : RESOURCE_NAMES) {
    for (const [index, container] of containers.entries()) {
      const moved = movedByOne(container, resource, spec);
      if (!moved) continue;
      const some = containers.with(index, { ...container, [resource]: moved });
      if (!limitRangeViolation(pod, applied(pod, some, spec), constraints?.limitRanges ?? [])) return some;
    }
  }
  const message = `the pod would not stay ${was === 'Guaranteed' ? 'Guaranteed' : 'Burstable'}`;
  return holdingAll(containers, hold('HeldByQoS', message), around);
}

/** Whether the pod stays Guaranteed, or stays what it is besides. */
function isKept(containers: readonly ContainerRecommendation[], { pod, spec }: PodSurroundings): boolean {
  return (qosClass(applied(pod, containers, spec)) === 'Guaranteed') === (qosClass(pod) === 'Guaranteed');
}

/**
 * What stands one unit from what is wanted because the pod would become Guaranteed otherwise is told as it was the first time: it
 * is what is recommended, not a change too small to matter.
 */
function standingForClass(
  containers: readonly ContainerRecommendation[],
  around: PodSurroundings,
): readonly ContainerRecommendation[] {
  for (const resource of RESOURCE_NAMES) {
    for (const [index, container] of containers.entries()) {
      const { hold: small, wanted, ...standing } = container[resource];
      if (small === undefined || wanted === undefined) continue;
      const asWanted = { ...container, [resource]: { ...standing, ...wanted } };
      const moved = movedByOne(asWanted, resource, around.spec);
      if (moved?.request !== standing.request || moved?.limit !== standing.limit) continue;
      if (!isKept(containers.with(index, asWanted), around)) {
        return containers.with(index, { ...container, [resource]: moved });
      }
    }
  }
  return containers;
}

/** @returns undefined where there is nothing to move, or it would pass what the chain keeps to */
function movedByOne(
  container: ContainerRecommendation,
  resource: ResourceName,
  spec: RecommendingSpec,
): ResourceRecommendation | undefined {
  const own = container[resource];
  if (own.hold || own.request === undefined) return undefined;
  if (own.limit !== undefined) {
    const units = unitsDown(resource, amountIn(own.limit) ?? 0) + 1;
    const step = { step: 'KeptBurstable', field: 'limit', value: amountOf(resource, units) } as const;
    return { ...own, limit: formatUnits(resource, units), steps: [...own.steps, step] };
  }
  const units = unitsDown(resource, amountIn(own.request) ?? 0) - 1;
  const value = amountOf(resource, units);
  const least = Math.max(
    amountOf(resource, 1),
    amountIn(spec.resourceBounds[resource].min) ?? 0,
    // A floor that the request did not reach anyway is a limit's doing.
    ...own.steps.map((step) => (step.step === 'MemoryFloor' && !step.ignored ? step.value : 0)),
  );
  if (value < least) return undefined;
  return {
    ...own,
    request: formatUnits(resource, units),
    steps: [...own.steps, { step: 'KeptBurstable', field: 'request', value }],
  };
}

/** The pod as it will be: what stands, over it what is written now. */
function applied(pod: PodSpec, containers: readonly ContainerRecommendation[], spec: RecommendingSpec): PodSpec {
  const standing = podWith(pod, new Map(containers.map(({ name, standing: last }) => [name, managed(last, spec)])));
  return podWith(standing, new Map(containers.map((container) => [container.name, freshResources(container)])));
}

/** What pods have of it: limits that are no longer managed are taken back, and a template says for itself what was put there. */
function managed(standing: ResourceRequirements | undefined, spec: RecommendingSpec): ResourceRequirements | undefined {
  if (writesTemplate(spec)) return undefined;
  if (!standing || !spec.updateStrategy.updateRequestsOnly) return standing;
  return standing.requests ? { requests: standing.requests } : undefined;
}

function only(resource: ResourceName, resources: ResourceRequirements | undefined): ResourceRequirements | undefined {
  const [request, limit] = [resources?.requests?.[resource], resources?.limits?.[resource]];
  if (request === undefined) return undefined;
  return { requests: { [resource]: request }, ...(limit === undefined ? {} : { limits: { [resource]: limit } }) };
}

function podWith(pod: PodSpec, resources: ReadonlyMap<string, ResourceRequirements | undefined>): PodSpec {
  const withOwn = (container: PodSpec['containers'][number]) => {
    const own = resources.get(container.name);
    if (!own) return container;
    const requests = { ...container.resources?.requests, ...own.requests };
    const limits = { ...container.resources?.limits, ...own.limits };
    return { ...container, resources: { requests, ...(Object.keys(limits).length > 0 ? { limits } : {}) } };
  };
  return {
    ...pod,
    containers: pod.containers.map(withOwn),
    ...(pod.initContainers ? { initContainers: pod.initContainers.map(withOwn) } : {}),
  };
}
