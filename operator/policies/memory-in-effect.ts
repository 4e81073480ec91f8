import { compareQuantities, parseQuantity } from 'optipod/kube';
import { readRecommendations, type ContainerResources } from 'optipod/lib/api';
import { resizableContainers } from 'optipod/lib/pod';
import { writesTemplate } from 'optipod/lib/recommend';
import type { ValidPolicy } from '../cluster.js';
import type { SeenPod } from '../usage/pods.js';
import type { Workload } from '../workloads/workload.js';

/**
 * The containers whose memory request, as the template or else the annotations say it, every pod of a workload has.
 * @param pods those of the workload; without a pod nothing is in effect
 */
export function memoryInEffect(
  workload: Workload,
  { spec }: ValidPolicy,
  pods: readonly SeenPod[],
): ReadonlySet<string> {
  const said: ContainerResources = writesTemplate(spec)
    ? new Map(resizableContainers(workload.pod).map(({ container }) => [container.name, container.resources ?? {}]))
    : readRecommendations(workload.metadata.annotations);
  const inEffect = new Set<string>();
  for (const [container, { requests }] of said) {
    const wanted = parseQuantity(requests?.memory ?? '');
    if (!wanted || pods.length === 0) continue;
    const has = ({ spec: { containers, initContainers = [] } }: SeenPod) => {
      const found = [...containers, ...initContainers].find(({ name }) => name === container);
      const there = parseQuantity(found?.resources?.requests?.memory ?? '');
      return there !== undefined && compareQuantities(there, wanted) === 0;
    };
    if (pods.every(has)) inEffect.add(container);
  }
  return inEffect;
}
