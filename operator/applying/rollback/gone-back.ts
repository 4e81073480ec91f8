import { ownAnnotations, sayTheSame, type ContainerResources } from 'optipod/lib/api';
import { annotationsFor, formatInstant } from 'optipod/lib/recommend';
import type { ValidPolicy } from '../../cluster.js';
import type { Workload } from '../../workloads/workload.js';

/**
 * A workload as it is once its annotations say what it goes back to: nothing of resources where that is what its template says.
 * @param now seconds since 1970
 */
export function goneBack(workload: Workload, policy: ValidPolicy, to: ContainerResources, now: number): Workload {
  const { annotations = {} } = workload.metadata;
  const own = ownAnnotations(annotations);
  const others = Object.entries(annotations).filter(([key]) => !(key in own));
  const fresh = { at: formatInstant(now), containers: new Map() };
  const said = annotationsFor({ policy, workload, fresh, instead: to });
  return { ...workload, metadata: { ...workload.metadata, annotations: { ...Object.fromEntries(others), ...said } } };
}

/** Whether a workload's annotations say by now what it goes back to: before, new pods are no better than those that run. */
export function hasGoneBack(workload: Workload, policy: ValidPolicy, to: ContainerResources): boolean {
  const own = (of: Workload) => ownAnnotations(of.metadata.annotations);
  return sayTheSame(own(workload), own(goneBack(workload, policy, to, 0)));
}
