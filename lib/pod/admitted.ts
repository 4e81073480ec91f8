import { RESOURCE_NAMES } from '../api/index.js';
import type { Container, LimitRange, PodSpec, ResourceRequirements } from '../kube/index.js';

/**
 * The pod that kube-apiserver makes of a template, as far as CPU and memory go: a missing request is the limit, then LimitRanger
 * gives its defaults to what is still missing. Of several LimitRanges the first that has a default counts.
 */
export function admittedPod(template: PodSpec, limitRanges: readonly LimitRange[] = []): PodSpec {
  const items = limitRanges.flatMap(({ spec }) => spec.limits ?? []).filter(({ type }) => type === 'Container');
  const admitted = (container: Container): Container => {
    const resources = withDefaults(container.resources, items);
    return resources ? { ...container, resources } : container;
  };
  return {
    ...template,
    containers: template.containers.map(admitted),
    ...(template.initContainers ? { initContainers: template.initContainers.map(admitted) } : {}),
  };
}

type Item = NonNullable<LimitRange['spec']['limits']>[number];

function withDefaults(
  { requests = {}, limits = {} }: ResourceRequirements = {},
  items: readonly Item[],
): ResourceRequirements | undefined {
  const request: Record<string, string | number> = { ...requests };
  const limit: Record<string, string | number> = { ...limits };
  for (const resource of RESOURCE_NAMES) {
    const asked = request[resource] ?? limit[resource];
    const most = limit[resource] ?? items.find((item) => item.default?.[resource] !== undefined)?.default?.[resource];
    const least =
      asked ?? items.find((item) => item.defaultRequest?.[resource] !== undefined)?.defaultRequest?.[resource] ?? most;
    if (least !== undefined) request[resource] = least;
    if (most !== undefined) limit[resource] = most;
  }
  const said = [request, limit].some((amounts) => Object.keys(amounts).length > 0);
  if (!said) return undefined;
  return {
    ...(Object.keys(request).length > 0 ? { requests: request } : {}),
    ...(Object.keys(limit).length > 0 ? { limits: limit } : {}),
  };
}
