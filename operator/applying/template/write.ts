import { conflictsIn, TEMPLATE_MANAGER, templateSpec, type FieldConflict, type TemplatePlan } from 'optipod/lib/apply';
import { ApiError } from '../../runtime/index.js';
import type { WorkloadWriters } from '../../workloads/annotate.js';
import type { Workload } from '../../workloads/workload.js';

export interface TemplateWrite {
  readonly plan: TemplatePlan;
  readonly by: 'apply' | 'patch';
  /** Told of what others said before it is taken over from them. */
  readonly onConflicts: (conflicts: readonly FieldConflict[]) => void;
}

/**
 * Writes a workload's template, in one request for all of it. The resource version goes with it: what is said again at its live
 * value, and what is left out, was decided on that very object, and another one is to be decided on anew.
 * @throws ApiError, Conflict among them where the workload is another by now than memory has it
 */
export async function writeTemplate(
  writers: WorkloadWriters,
  { kind, metadata: { namespace, name, uid, resourceVersion } }: Workload,
  { plan, by, onConflicts }: TemplateWrite,
): Promise<void> {
  const how = { fieldManager: TEMPLATE_MANAGER };
  if (by === 'patch') {
    // Strategic: containers are found by their names, whatever became of their order.
    await writers[kind].patch(
      { namespace, name },
      { metadata: { uid, resourceVersion }, spec: templateSpec(plan.changes) },
      { ...how, type: 'strategic' },
    );
    return;
  }
  const body = { metadata: { namespace, name, uid, resourceVersion }, spec: templateSpec(plan.amounts) };
  try {
    await writers[kind].apply(body, how);
  } catch (error) {
    const conflicts = error instanceof ApiError && error.code === 409 ? conflictsIn(error.status) : undefined;
    if (!conflicts) throw error;
    if (conflicts.length > 0) onConflicts(conflicts);
    await writers[kind].apply(body, { ...how, force: true });
  }
}
