import {
  sameJson,
  type Creatable,
  type Deletable,
  type OwnerReference,
  type Patchable,
  type Watched,
} from 'optipod/kube';
import { restoration } from 'optipod/lib/apply';
import { leftStatus, recommendationName, saysSomethingNew, type WorkloadReport } from 'optipod/lib/recommend';
import { isNotFound } from '../runtime/index.js';
import type { Workload } from './workload.js';

type Stored = NonNullable<Parameters<typeof saysSomethingNew>[0]>;

/** What was told of one workload. */
export type Told = Stored;

/** Access to the objects that tell people what is recommended, and why. */
export type RecommendationAccess = Pick<Watched<Stored>, 'get'> & Creatable<Stored> & Pick<Patchable<Stored>, 'patch'>;

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
  // A name is given once.
  if (!before) await access.create(report);
  else
    await change(access, before, { ...ownersToChange(before, report), '/spec': report.spec, '/status': report.status });
  return true;
}

/** Ours in place of a namesake's, beside those of others. */
function ownersToChange({ metadata }: Stored, report: WorkloadReport): Readonly<Record<string, unknown>> {
  const ours = report.metadata.ownerReferences;
  const isOurs = ({ kind, name }: OwnerReference) => ours.some((owner) => owner.kind === kind && owner.name === name);
  const { ownerReferences: present = [] } = metadata;
  const owners = [...present.filter((owner) => !isOurs(owner)), ...ours];
  return sameJson(owners, present) ? {} : { '/metadata/ownerReferences': owners };
}

/**
 * Says of this very object anew what is given: what comes late does nothing to one made since.
 * @param values by JSON pointer
 */
async function change(
  { patch }: Pick<Patchable<Stored>, 'patch'>,
  { metadata: { namespace, name, uid } }: Stored,
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const operations = [
    { op: 'test', path: '/metadata/uid', value: uid },
    ...Object.entries(values).map(([path, value]) => ({ op: 'add', path, value })),
  ];
  await patch({ namespace, name }, operations, { type: 'json' });
}

/** Access for taking back what was told. */
export type RetractionAccess = Pick<Watched<Stored>, 'get'> & Pick<Patchable<Stored>, 'patch'> & Deletable;

/**
 * Takes back what was told of a workload that no policy is about any more. Where its template still has what OptiPod wrote, what
 * it said before stays, for whoever wants to put it back.
 * @param workload undefined where it is gone
 * @param now seconds since 1970
 */
export async function retract(
  access: RetractionAccess,
  named: Named,
  workload: Workload | undefined,
  now: number,
): Promise<void> {
  const stored = standingReport(access, named);
  if (!stored) return;
  const { namespace, name, uid } = stored.metadata;
  try {
    if (workload && canBeRestored(stored, workload)) {
      const status = leftStatus(stored, now);
      if (sameJson(status, stored.status)) return;
      await change(access, stored, { '/status': status });
    } else {
      await access.delete({ namespace, name, uid });
    }
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function canBeRestored(stored: Stored, workload: Workload): boolean {
  return restoration(statusOf(stored, workload)?.applying ?? {}, workload).length > 0;
}
