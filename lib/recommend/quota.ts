import { parseQuantity, type PodSpec, type ResourceQuota } from '../kube/index.js';
import { podTotal, qosClass, quotaDemands, quotaKeys, unmetDemand, type QuotaDemand } from '../pod/index.js';
import { hold, type Hold } from './explanation.js';

/** What a ResourceQuota leaves of one resource: cores or bytes; below zero where more is used than it has. */
export interface QuotaHeadroom extends QuotaDemand {
  readonly left: number;
}

/** What floating point adds. */
const NOISE = 1e-9;

/**
 * What the quotas of a namespace leave for a workload's pods.
 * @param pod the one that the workload makes: only quotas whose scopes it is in count.
 */
export function quotaHeadroom(quotas: readonly ResourceQuota[], pod: PodSpec): QuotaHeadroom[] {
  return quotas.flatMap((quota) =>
    quotaDemands([quota], pod).map((demand) => ({ ...demand, left: leftOf(quota, demand) })),
  );
}

function leftOf({ status }: ResourceQuota, { field, resource }: QuotaDemand): number {
  const left = quotaKeys(field, resource).flatMap((key) => {
    const hard = amount(status?.hard?.[key]);
    return hard === undefined ? [] : hard - (amount(status?.used?.[key]) ?? 0);
  });
  return Math.min(...left);
}

function amount(value: string | number | undefined): number | undefined {
  const nanos = value === undefined ? undefined : parseQuantity(value)?.nanos;
  return nanos === undefined ? undefined : Number(nanos) / 1e9;
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

/**
 * A BestEffort pod that is given anything counts for quotas that passed it over before, and is refused where one of its
 * containers lacks what these limit: then it is to be given nothing.
 * @param before the pod as kube-apiserver makes it of the template
 * @param after with what stands and what would be written now
 */
export function demandHold(before: PodSpec, after: PodSpec, demands: readonly QuotaDemand[]): Hold | undefined {
  if (qosClass(before) !== 'BestEffort' || qosClass(after) === 'BestEffort') return undefined;
  const unmet = unmetDemand(after, demands);
  if (!unmet) return undefined;
  const { quota, field, resource } = unmet.demand;
  const message =
    `the pod would count for the ResourceQuota ${quota}, which wants ${field}.${resource} of every container: ` +
    `${unmet.lacking.join(', ')} would have none`;
  return hold('QuotaExceeded', message);
}
