import { parseQuantity, type PodSpec, type ResourceQuota } from '../kube/index.js';
import type { ResourceField, ResourceName } from '../api/index.js';
import { podTotal } from '../pod/index.js';

/** What a ResourceQuota leaves of one resource: cores or bytes; below zero where more is used than it has. */
export interface QuotaHeadroom {
  readonly quota: string;
  readonly resource: ResourceName;
  readonly field: ResourceField;
  readonly left: number;
}

/** What floating point adds. */
const NOISE = 1e-9;

/** As ResourceQuotas spell them: `cpu` is `requests.cpu`. */
const KEYS: readonly (readonly [string, ResourceName, ResourceField])[] = [
  ['requests.cpu', 'cpu', 'requests'],
  ['cpu', 'cpu', 'requests'],
  ['requests.memory', 'memory', 'requests'],
  ['memory', 'memory', 'requests'],
  ['limits.cpu', 'cpu', 'limits'],
  ['limits.memory', 'memory', 'limits'],
];

/**
 * What the quotas of a namespace leave for a workload's pods.
 * @param pod the one that the workload makes: only quotas whose scopes it is in count.
 */
export function quotaHeadroom(quotas: readonly ResourceQuota[], pod: PodSpec): QuotaHeadroom[] {
  return quotas
    .filter((quota) => isInScope(quota, pod))
    .flatMap(({ metadata, status }) =>
      KEYS.flatMap(([key, resource, field]) => {
        const hard = amount(status?.hard?.[key]);
        if (hard === undefined) return [];
        return { quota: metadata.name, resource, field, left: hard - (amount(status?.used?.[key]) ?? 0) };
      }),
    );
}

function amount(value: string | number | undefined): number | undefined {
  const nanos = value === undefined ? undefined : parseQuantity(value)?.nanos;
  return nanos === undefined ? undefined : Number(nanos) / 1e9;
}

/** All of a quota's scopes must hold. A pod that is recommended for is not BestEffort by the time it counts. */
function isInScope({ spec }: ResourceQuota, pod: PodSpec): boolean {
  const scopes = (spec?.scopes ?? []).map((scopeName) => ({
    scopeName,
    operator: 'Exists',
    values: [] as readonly string[],
  }));
  const selected = (spec?.scopeSelector?.matchExpressions ?? []).map(({ values = [], ...rest }) => ({
    ...rest,
    values,
  }));
  return [...scopes, ...selected].every(({ scopeName, operator, values }) => {
    switch (scopeName) {
      case 'NotTerminating':
      case 'NotBestEffort':
        return true;
      case 'PriorityClass':
        return isOfPriority(pod.priorityClassName, operator, values);
      // Terminating: pods of workloads have no deadline. CrossNamespacePodAffinity and what is younger: nobody can tell here.
      default:
        return false;
    }
  });
}

function isOfPriority(name: string | undefined, operator: string, values: readonly string[]): boolean {
  switch (operator) {
    case 'In':
      return name !== undefined && values.includes(name);
    case 'NotIn':
      return name === undefined || !values.includes(name);
    case 'Exists':
      return name !== undefined;
    default:
      return name === undefined;
  }
}

/**
 * The first quota that does not have what a workload's pods would need more. What a rolling update needs for a moment beyond
 * that is not counted.
 * @param before the pods as they are counted now
 */
export function quotaShortage(
  before: PodSpec,
  after: PodSpec,
  replicas: number,
  headroom: readonly QuotaHeadroom[],
): (QuotaHeadroom & { readonly needed: number }) | undefined {
  for (const one of headroom) {
    const total = (pod: PodSpec) => Number(podTotal(pod, one.field, one.resource) ?? 0n) / 1e9;
    const needed = (total(after) - total(before)) * replicas;
    if (needed > 0 && needed * (1 - NOISE) > one.left) return { ...one, needed };
  }
  return undefined;
}
