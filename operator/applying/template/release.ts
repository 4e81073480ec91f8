import { releasePatch, TEMPLATE_MANAGER, type ReleaseInput } from 'optipod/lib/apply';
import type { WorkloadWriters } from '../../workloads/annotate.js';
import type { Workload } from '../../workloads/workload.js';

/**
 * Lets go of what OptiPod has no business with any more in a workload's template: not a field changes, only whose word it is.
 * @returns whether there was something to let go of
 * @throws ApiError, Conflict among them where the workload is another by now than memory has it
 */
export async function release(
  writers: WorkloadWriters,
  workload: Workload,
  how: Omit<ReleaseInput, 'workload'>,
): Promise<boolean> {
  const patch = releasePatch({ workload, ...how });
  if (!patch) return false;
  const { namespace, name } = workload.metadata;
  await writers[workload.kind].patch({ namespace, name }, patch, { type: 'json', fieldManager: TEMPLATE_MANAGER });
  return true;
}
