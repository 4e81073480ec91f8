import { nextConditions, type ConditionNow, type ObjectMeta, type Patchable } from 'optipod/kube';
import type { StoredPolicy } from 'optipod/lib/api';
import type { WorkloadKind } from 'optipod/lib/policy';
import type { ValidPolicy } from '../cluster.js';
import { formatInstant } from 'optipod/lib/recommend';

type Status = NonNullable<ValidPolicy['status']>;

const FIELD_MANAGER = 'optipod-status';

const COUNTERS: Readonly<Record<WorkloadKind, keyof NonNullable<Status['workloadsByType']>>> = {
  Deployment: 'deployments',
  StatefulSet: 'statefulSets',
  DaemonSet: 'daemonSets',
};

/** What a pass has to report. */
export interface PassReport {
  readonly conditions: readonly ConditionNow[];
  readonly discovered: readonly { readonly kind: WorkloadKind }[];
  readonly processed: number;
}

/** The whole status after a pass: counters with their zeros, conditions with their transition times. */
export function statusAfter(
  { metadata, status }: { readonly metadata: ObjectMeta; readonly status?: Status },
  report: PassReport,
  nowMs: number,
): Status {
  const now = formatInstant(nowMs / 1000);
  const generation = metadata.generation ?? 0;
  const byType = { deployments: 0, statefulSets: 0, daemonSets: 0 };
  for (const { kind } of report.discovered) byType[COUNTERS[kind]] += 1;
  return {
    conditions: nextConditions(
      status?.conditions,
      report.conditions.map((condition) => ({ ...condition, observedGeneration: generation })),
      now,
    ),
    observedGeneration: generation,
    workloadsDiscovered: report.discovered.length,
    workloadsProcessed: report.processed,
    workloadsByType: byType,
    lastReconciliation: now,
  };
}

/**
 * One server-side apply to the status subresource. The UID keeps it from a namesake made since.
 * @throws ApiError, Conflict among them where it met a namesake
 */
export async function writeStatus(
  statuses: Patchable<unknown>,
  { valid, metadata: { name, namespace, uid } }: Pick<StoredPolicy, 'valid' | 'metadata'>,
  status: Status,
): Promise<void> {
  if (!valid) {
    // kube-apiserver cannot apply to an object that has a value of another type than its schema says; it can patch it.
    await statuses.patch({ name, namespace }, { metadata: { uid }, status }, { fieldManager: FIELD_MANAGER });
    return;
  }
  await statuses.apply({ metadata: { name, namespace, uid }, status }, { fieldManager: FIELD_MANAGER, force: true });
}
