import { RESOURCE_NAMES } from '../api/index.js';
import type { LimitRange, PodSpec } from '../kube/index.js';
import { nanos, nanosOf, podTotal } from './total.js';

/**
 * Whether a changed pod breaks a rule of a LimitRange that the pod as received did not, by the arithmetic of kube-apiserver's
 * LimitRanger: per container, and for the pod as a whole.
 */
export function limitRangeViolation(before: PodSpec, after: PodSpec, limitRanges: readonly LimitRange[]): boolean {
  const broken = new Set(violations(before, limitRanges));
  return violations(after, limitRanges).some((violation) => !broken.has(violation));
}

/**
 * The limits that LimitRanger gives a container that has none: it runs before webhooks, and again after them, by which time it
 * may have learned of a LimitRange that it did not know before.
 */
export function defaultLimits(
  limitRanges: readonly LimitRange[],
): readonly Readonly<Record<string, string | number>>[] {
  return limitRanges
    .flatMap(({ spec }) => spec.limits ?? [])
    .flatMap(({ type, default: limits }) => (type === 'Container' && limits ? [limits] : []));
}

/** A name for each rule that is broken, of each container or the pod. */
function violations(pod: PodSpec, limitRanges: readonly LimitRange[]): string[] {
  // kube-apiserver stores and writes a LimitRange without limits as null.
  const items = limitRanges.flatMap(({ spec }) => spec.limits ?? []);
  return items.flatMap((item, index) =>
    RESOURCE_NAMES.flatMap((resource) => {
      const bounds = {
        min: nanos(item.min?.[resource]),
        max: nanos(item.max?.[resource]),
        ratio: nanos(item.maxLimitRequestRatio?.[resource]),
      };
      return amountsFor(item.type, pod, resource).flatMap((amount, place) =>
        brokenBy(amount, bounds).map((rule) => `${index} ${resource} ${place} ${rule}`),
      );
    }),
  );
}

interface Amount {
  readonly request: bigint | undefined;
  readonly limit: bigint | undefined;
}

type Bounds = Readonly<Record<'min' | 'max' | 'ratio', bigint | undefined>>;

function brokenBy({ request, limit }: Amount, { min, max, ratio }: Bounds): string[] {
  const broken: string[] = [];
  if (min !== undefined && (request === undefined || request < min || (limit !== undefined && limit < min))) {
    broken.push('min');
  }
  if (max !== undefined && (limit === undefined || limit > max || (request !== undefined && request > max))) {
    broken.push('max');
  }
  if (ratio !== undefined && (!request || !limit || exceeds(limit, request, ratio))) broken.push('ratio');
  return broken;
}

/** In floating point of thousandths, as LimitRanger has it: a limit of exactly the ratio may be a hair too much. */
function exceeds(limit: bigint, request: bigint, ratio: bigint): boolean {
  return (thousandths(limit) / thousandths(request)) * 1000 > thousandths(ratio);
}

/** What the items of a type are held against: each container, or their sum. */
function amountsFor(type: string, pod: PodSpec, resource: 'cpu' | 'memory'): Amount[] {
  const { containers, initContainers = [] } = pod;
  if (type === 'Container') {
    return [...containers, ...initContainers].map((container) => ({
      request: nanosOf(container, 'requests', resource),
      limit: nanosOf(container, 'limits', resource),
    }));
  }
  if (type !== 'Pod') return [];
  return [{ request: podTotal(pod, 'requests', resource), limit: podTotal(pod, 'limits', resource) }];
}

function thousandths(nanos: bigint): number {
  return Number((nanos + 999_999n) / 1_000_000n);
}
