import type { Patchable } from 'optipod/kube';
import { ownAnnotations, sayTheSame } from 'optipod/lib/api';
import type { WorkloadKind } from 'optipod/lib/policy';
import type { Workload } from './workload.js';

/** Of a workload's annotations; its resources are another manager's. */
const FIELD_MANAGER = 'optipod-metadata';

/** The right to write to workloads, by kind. */
export type WorkloadWriters = Readonly<Record<WorkloadKind, Pick<Patchable<unknown>, 'apply' | 'patch'>>>;

/**
 * Makes OptiPod's annotations on a workload exactly these, in one server-side apply: what is no longer said disappears,
 * everybody else's stay. Nothing is written where they say the same already.
 * @returns whether something was written.
 * @throws ApiError, Conflict among them where the workload was replaced by another of the same name.
 */
export async function annotate(
  writers: WorkloadWriters,
  { kind, metadata: { namespace, name, uid, annotations } }: Workload,
  desired: Readonly<Record<string, string>>,
): Promise<boolean> {
  if (sayTheSame(ownAnnotations(annotations), desired)) return false;
  const metadata = { namespace, name, uid };
  // An empty map would be owned, too.
  const said = Object.keys(desired).length > 0 ? { ...metadata, annotations: desired } : metadata;
  await writers[kind].apply({ metadata: said }, { fieldManager: FIELD_MANAGER, force: true });
  return true;
}
