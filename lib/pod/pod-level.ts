import { RESOURCE_FIELDS, RESOURCE_NAMES } from '../api/index.js';
import type { PodSpec } from '../kube/index.js';

/**
 * Whether a pod as a whole asks for something, as Kubernetes finds it (IsPodLevelResourcesSet): for CPU, memory or huge pages. An
 * empty `resources`, as templates of charts leave it, says nothing.
 */
export function hasPodLevelResources({ resources }: Pick<PodSpec, 'resources'>): boolean {
  const names = RESOURCE_FIELDS.flatMap((field) => Object.keys(resources?.[field] ?? {}));
  return names.some((name) => RESOURCE_NAMES.some((one) => one === name) || name.startsWith('hugepages-'));
}
