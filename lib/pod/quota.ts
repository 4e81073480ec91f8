import { RESOURCE_FIELDS, RESOURCE_NAMES, type ResourceField, type ResourceName } from '../api/index.js';
import { meets, type PodSpec, type ResourceQuota } from '../kube/index.js';
import { nanosOf } from './total.js';

/** What a ResourceQuota limits of a pod's CPU or memory, and therefore wants every container to say. */
export interface QuotaDemand {
  /** Its name. */
  readonly quota: string;
  readonly resource: ResourceName;
  readonly field: ResourceField;
}

/** As ResourceQuotas spell them: `cpu` is `requests.cpu`. */
export function quotaKeys(field: ResourceField, resource: ResourceName): readonly string[] {
  return field === 'requests' ? [`requests.${resource}`, resource] : [`limits.${resource}`];
}

/** What the quotas that count a pod want of its containers, once it has any resources. */
export function quotaDemands(quotas: readonly ResourceQuota[], pod: PodSpec): QuotaDemand[] {
  return quotas
    .filter((quota) => countsFor(quota, pod))
    .flatMap(({ metadata, status }) =>
      RESOURCE_FIELDS.flatMap((field) =>
        RESOURCE_NAMES.filter((resource) =>
          quotaKeys(field, resource).some((key) => status?.hard?.[key] !== undefined),
        ).map((resource) => ({ quota: metadata.name, resource, field })),
      ),
    );
}

/**
 * The first demand that a pod does not meet, and whose fault that is: kube-apiserver wants it of every container, init
 * containers among them.
 */
export function unmetDemand(
  { containers, initContainers = [] }: PodSpec,
  demands: readonly QuotaDemand[],
): { readonly demand: QuotaDemand; readonly lacking: readonly string[] } | undefined {
  for (const demand of demands) {
    const lacking = [...containers, ...initContainers]
      .filter((container) => nanosOf(container, demand.field, demand.resource) === undefined)
      .map(({ name }) => name);
    if (lacking.length > 0) return { demand, lacking };
  }
  return undefined;
}

/** Whether all of a quota's scopes hold for a pod that has resources, or will have them by the time it counts. */
function countsFor({ spec }: ResourceQuota, pod: PodSpec): boolean {
  const scopes = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' as const }));
  return [...scopes, ...(spec?.scopeSelector?.matchExpressions ?? [])].every(({ scopeName, ...wanted }) => {
    switch (scopeName) {
      case 'NotTerminating':
      case 'NotBestEffort':
        return true;
      case 'PriorityClass':
        return meets(pod.priorityClassName, wanted);
      // Terminating: pods of workloads have no deadline. CrossNamespacePodAffinity and what is younger: nobody can tell here.
      default:
        return false;
    }
  });
}
