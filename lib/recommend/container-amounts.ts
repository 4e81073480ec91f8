import type { ContainerAmounts } from '../../imports/types/workload-recommendation.js';
import { RESOURCE_NAMES, type ContainerResources } from '../api/index.js';
import type { ResourceRequirements } from '../kube/index.js';

/** CPU and memory of containers, as the WorkloadRecommendation has them. */
export function containerAmounts(containers: ContainerResources): ContainerAmounts[] {
  return [...containers].map(([name, { requests, limits }]) => {
    const amounts: Record<string, { request?: string; limit?: string }> = {};
    for (const resource of RESOURCE_NAMES) {
      const [request, limit] = [requests?.[resource], limits?.[resource]];
      if (request === undefined && limit === undefined) continue;
      amounts[resource] = {
        ...(request === undefined ? {} : { request: String(request) }),
        ...(limit === undefined ? {} : { limit: String(limit) }),
      };
    }
    return { name, ...amounts };
  });
}

/** The other way round. */
export function resourcesOf(amounts: readonly ContainerAmounts[] = []): ContainerResources {
  return new Map(amounts.map((one): [string, ResourceRequirements] => [one.name, requirements(one)]));
}

function requirements(amounts: ContainerAmounts): ResourceRequirements {
  const requests: Record<string, string> = {};
  const limits: Record<string, string> = {};
  for (const resource of RESOURCE_NAMES) {
    const { request, limit } = amounts[resource] ?? {};
    if (request !== undefined) requests[resource] = request;
    if (limit !== undefined) limits[resource] = limit;
  }
  return {
    ...(Object.keys(requests).length > 0 ? { requests } : {}),
    ...(Object.keys(limits).length > 0 ? { limits } : {}),
  };
}
