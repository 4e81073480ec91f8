import { parseQuantity, type Container, type LimitRange, type PodSpec } from '../kube/index.js';

const RESOURCES = ['cpu', 'memory'] as const;

/**
 * Whether a changed pod breaks a LimitRange that the pod as received did not, by the rules of kube-apiserver's LimitRanger:
 * per container, and for the sum over the pod's containers.
 */
export function limitRangeViolation(before: PodSpec, after: PodSpec, limitRanges: readonly LimitRange[]): boolean {
  return violations(after, limitRanges) > 0 && violations(before, limitRanges) === 0;
}

function violations(pod: PodSpec, limitRanges: readonly LimitRange[]): number {
  const containers = [...pod.containers, ...(pod.initContainers ?? [])];
  let count = 0;
  for (const item of limitRanges.flatMap(({ spec }) => spec.limits)) {
    for (const resource of RESOURCES) {
      const bounds = {
        min: nanos(item.min?.[resource]),
        max: nanos(item.max?.[resource]),
        ratio: nanos(item.maxLimitRequestRatio?.[resource]),
      };
      if (item.type === 'Container') count += containers.filter((c) => breaks(amounts([c], resource), bounds)).length;
      if (item.type === 'Pod' && breaks(amounts(runningTogether(pod), resource), bounds)) count += 1;
    }
  }
  return count;
}

interface Amount {
  readonly request: bigint | undefined;
  readonly limit: bigint | undefined;
}

function breaks(
  { request, limit }: Amount,
  { min, max, ratio }: Readonly<Record<'min' | 'max' | 'ratio', bigint | undefined>>,
): boolean {
  if (min !== undefined && (request === undefined || request < min || (limit !== undefined && limit < min)))
    return true;
  if (max !== undefined && (limit === undefined || limit > max || (request !== undefined && request > max)))
    return true;
  if (ratio === undefined) return false;
  if (request === undefined || limit === undefined || request === 0n) return true;
  return limit * 1_000_000_000n > ratio * request;
}

/** Sums; a sum is unknown as soon as one container does not say. */
function amounts(containers: readonly Container[], resource: 'cpu' | 'memory'): Amount {
  const sum = (field: 'requests' | 'limits') =>
    containers.reduce<bigint | undefined>((total, { resources }) => {
      const value = nanos(resources?.[field]?.[resource]);
      return total === undefined || value === undefined ? undefined : total + value;
    }, 0n);
  return { request: sum('requests'), limit: sum('limits') };
}

function runningTogether({ containers, initContainers = [] }: PodSpec): Container[] {
  return [...containers, ...initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')];
}

function nanos(value: string | number | undefined): bigint | undefined {
  return value === undefined ? undefined : parseQuantity(value)?.nanos;
}
