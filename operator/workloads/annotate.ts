import type { KubeObject, Patchable } from 'optipod/kube';
import { ownAnnotations, sayTheSame } from 'optipod/lib/api';
import type { WorkloadKind } from 'optipod/lib/policy';
import type { Leftovers } from './leftovers.js';
import type { Workload } from './workload.js';

/** Of a workload's annotations; its resources are another manager's. */
const FIELD_MANAGER = 'optipod-metadata';

/** The right to write to workloads, by kind. */
export type WorkloadWriters = Readonly<
  Record<WorkloadKind, Pick<Patchable<Pick<KubeObject, 'metadata'>>, 'apply' | 'patch'>>
>;

export interface AnnotateContext {
  readonly writers: WorkloadWriters;
  readonly leftovers: Leftovers;
}

/**
 * Makes OptiPod's annotations on a workload exactly these, in one server-side apply: what is no longer said disappears,
 * everybody else's stay. What somebody else said of OptiPod's own annotations no apply takes away: a patch follows, of just that.
 * Nothing is written where they say the same already.
 * @returns whether something was written.
 * @throws ApiError, Conflict among them where the workload was replaced by another of the same name.
 */
export async function annotate(
  { writers, leftovers }: AnnotateContext,
  workload: Workload,
  desired: Readonly<Record<string, string>>,
): Promise<boolean> {
  const { namespace, name, uid, annotations } = workload.metadata;
  const isConceded = (key: string) => !(key in desired) && leftovers.isConceded(workload, key);
  const own = Object.entries(ownAnnotations(annotations)).filter(([key]) => !isConceded(key));
  if (sayTheSame(Object.fromEntries(own), desired)) return false;
  const metadata = { namespace, name, uid };
  // An empty map would be owned, too.
  const said = Object.keys(desired).length > 0 ? { ...metadata, annotations: desired } : metadata;
  const writer = writers[workload.kind];
  const applied = await writer.apply({ metadata: said }, { fieldManager: FIELD_MANAGER, force: true });
  const left = Object.keys(ownAnnotations(applied.metadata.annotations)).filter(
    (key) => !(key in desired) && !isConceded(key),
  );
  if (left.length === 0) return true;
  const { resourceVersion } = applied.metadata;
  const removed = Object.fromEntries(left.map((key) => [key, null]));
  const body = { metadata: { uid, resourceVersion, annotations: removed } };
  await writer.patch({ namespace, name }, body, { type: 'merge', fieldManager: FIELD_MANAGER });
  leftovers.removed(workload, left, applied);
  return true;
}
