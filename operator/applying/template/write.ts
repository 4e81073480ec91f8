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
 * Writes a workload's template, in one request for all of it but what no apply takes away. The resource version goes with it:
 * what is said again at its live value, and what is left out, was decided on that very object, and another one is to be decided on
 * anew.
 * @throws ApiError, Conflict among them where the workload is another by now than memory has it
 */
export async function writeTemplate(
  writers: WorkloadWriters,
  { kind, metadata: { namespace, name, uid, resourceVersion } }: Workload,
  { plan, by, onConflicts }: TemplateWrite,
): Promise<void> {
  const how = { fieldManager: TEMPLATE_MANAGER };
  const { amounts, changes, orphans } = plan;
  // Strategic: containers are found by their names, whatever became of their order.
  const patch = (what: TemplatePlan['changes'], version: string) =>
    writers[kind].patch(
      { namespace, name },
      { metadata: { uid, resourceVersion: version }, spec: templateSpec(what) },
      { ...how, type: 'strategic' },
    );
  if (by === 'patch') {
    await patch(changes, resourceVersion);
    return;
  }
  const isApplied = amounts.length > 0 || changes.length > orphans.length;
  const version = isApplied ? await apply() : resourceVersion;
  if (orphans.length > 0) await patch(orphans, version);

  async function apply(): Promise<string> {
    const body = { metadata: { namespace, name, uid, resourceVersion }, spec: templateSpec(amounts) };
    try {
      return (await writers[kind].apply(body, how)).metadata.resourceVersion;
    } catch (error) {
      const conflicts = error instanceof ApiError && error.code === 409 ? conflictsIn(error.status) : undefined;
      if (!conflicts) throw error;
      if (conflicts.length > 0) onConflicts(conflicts);
      return (await writers[kind].apply(body, { ...how, force: true })).metadata.resourceVersion;
    }
  }
}
