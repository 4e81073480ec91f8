import { sameJson, type Creatable, type Deletable, type Patchable, type Watched } from 'optipod/kube';
import { restoration } from 'optipod/lib/apply';
import { leftStatus, recommendationName, saysSomethingNew, type WorkloadReport } from 'optipod/lib/recommend';
import { isNotFound } from '../runtime/index.js';
import type { Workload } from './workload.js';

type Stored = NonNullable<Parameters<typeof saysSomethingNew>[0]>;

/** What was told of one workload. */
export type Told = Stored;

/** Access to the objects that tell people what is recommended, and why. */
export interface RecommendationAccess {
  readonly recommendations: Pick<Watched<Stored>, 'get'> & Creatable<Stored>;
  readonly specs: Pick<Patchable<Stored>, 'apply'>;
  readonly statuses: Pick<Patchable<unknown>, 'apply'>;
}

/** What was told of workloads, from memory. */
export type ToldRecommendations = Pick<Watched<Stored>, 'get' | 'list'>;

interface Named {
  readonly kind: Workload['kind'];
  readonly namespace: string;
  readonly name: string;
}

/** What was last told of a workload. */
export function standingReport(
  { get }: Pick<Watched<Stored>, 'get'>,
  { kind, namespace, name }: Named,
): Stored | undefined {
  return get(namespace, recommendationName(kind, name));
}

/** The status of what was told, where that is of this very workload and not of a namesake. */
export function statusOf(told: Stored | undefined, { metadata }: Pick<Workload, 'metadata'>): Stored['status'] {
  return told?.spec.workload.uid === metadata.uid ? told.status : undefined;
}

/**
 * Tells what is recommended for a workload: nothing is written where a reader would notice no difference.
 * @returns whether something was written. @throws ApiError: Conflict, NotFound or AlreadyExists where it is not as memory has it
 */
export async function tell(
  access: RecommendationAccess,
  before: Stored | undefined,
  report: WorkloadReport,
): Promise<boolean> {
  if (!saysSomethingNew(before, report)) return false;
  const { uid, name, namespace } = (await present(access, before, report)).metadata;
  await access.statuses.apply({ metadata: { name, namespace, uid }, status: report.status }, { force: true });
  return true;
}

/** Has the object say what it is about, where it does not yet: the status is written by itself. */
async function present(
  { recommendations, specs }: RecommendationAccess,
  before: Stored | undefined,
  { metadata, spec }: WorkloadReport,
): Promise<Pick<Stored, 'metadata'>> {
  // A name is given once, and the UID keeps what comes late from what was made since.
  if (!before) return recommendations.create({ metadata, spec });
  const { uid, ownerReferences = [] } = before.metadata;
  const isOwned = metadata.ownerReferences.every((wanted) => ownerReferences.some((owner) => owner.uid === wanted.uid));
  if (isOwned && sameJson(before.spec, spec)) return before;
  return specs.apply({ metadata: { ...metadata, uid }, spec }, { force: true });
}

/** Access for taking back what was told. */
export interface RetractionAccess {
  readonly recommendations: Pick<Watched<Stored>, 'get'> & Deletable;
  readonly statuses: Pick<Patchable<unknown>, 'apply'>;
}

/**
 * Takes back what was told of a workload that no policy is about any more. Where its template still has what OptiPod wrote, what
 * it said before stays, for whoever wants to put it back.
 * @param workload undefined where it is gone
 * @param now seconds since 1970
 */
export async function retract(
  { recommendations, statuses }: RetractionAccess,
  named: Named,
  workload: Workload | undefined,
  now: number,
): Promise<void> {
  const stored = standingReport(recommendations, named);
  if (!stored) return;
  const { namespace, name, uid } = stored.metadata;
  try {
    if (workload && canBeRestored(stored, workload)) {
      const status = leftStatus(stored, now);
      if (sameJson(status, stored.status)) return;
      await statuses.apply({ metadata: { namespace, name, uid }, status }, { force: true });
    } else {
      await recommendations.delete({ namespace, name, uid });
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function canBeRestored(stored: Stored, workload: Workload): boolean {
  return restoration(statusOf(stored, workload)?.applying ?? {}, workload).length > 0;
}
