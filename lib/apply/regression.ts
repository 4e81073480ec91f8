import type { RecommendationChange } from '../../imports/types/workload-recommendation.js';
import type { ResourceName } from '../api/index.js';
import type { PodHealth, Trouble } from './pod-health.js';
import type { Rollout } from './rollout.js';

/** A pod of a workload whose resources were changed. */
export interface WatchedPod {
  readonly name: string;
  /** Seconds since 1970. */
  readonly createdAt: number;
  /** When it was last asked to be resized: seconds since 1970; absent where it never was, or nobody knows. */
  readonly resizedAt?: number;
  /** Whether it has what is said of its containers now. */
  readonly carries: boolean;
  readonly health: PodHealth;
}

/** By container, of what it has another amount than before. */
export type ChangedResources = ReadonlyMap<string, ReadonlySet<ResourceName>>;

export interface RegressionInput {
  /** What the change was about. */
  readonly changed: ChangedResources;
  /** Absent where nothing of the workload was ever changed. */
  readonly change: RecommendationChange | undefined;
  /** When something was last applied to pods that were there already: seconds since 1970. */
  readonly appliedAt: number | undefined;
  readonly pods: readonly WatchedPod[];
  readonly workload: { readonly content: string; readonly replicas: number; readonly rollout: Rollout };
  /** Seconds that a pod is watched after it got other resources. */
  readonly window: number;
  /** Seconds since 1970. */
  readonly now: number;
}

export interface Regression {
  readonly what: 'OOMKilled' | 'CrashLoopBackOff' | 'NotReady' | 'RolloutFailed';
  readonly message: string;
}

/** A pod may take this long to be ready, a readiness probe that failed to work again: Deployments give up after 10 minutes. */
export const UNREADY_SECONDS = 5 * 60;

/**
 * What went wrong in a workload for the resources that its pods were given. Blamed is only what got worse: in a container whose
 * resources changed, in a pod that has them, soon after it got them, and in no pod that does not have them; a workload whose
 * author changed it since has other reasons. For want of memory nothing is killed that has as much as before: that is helped by
 * more, which going back would hold.
 */
export function regressionOf(input: RegressionInput): Regression | undefined {
  const { change, workload } = input;
  if (!change || change.proven || workload.content !== change.content) return undefined;
  const suspects = suspectsOf(input, change);
  return troubled(suspects, input) ?? notReady(suspects, change, input);
}

/** Whether a pod has done well with the change for as long as pods are watched. */
export function isProven(input: Omit<RegressionInput, 'changed'>): boolean {
  const { change, window, now } = input;
  if (!change) return false;
  return suspectsOf(input, change).some(
    ({ by, health }) => now - by > window && health.unreadySince === undefined && health.troubles.length === 0,
  );
}

/**
 * When a pod that is not ready now will have been so for too long, as long as it stays so: seconds since 1970, of several the
 * earliest; undefined where there is none. Nothing else happens then that anybody could be told of.
 */
export function unreadyTooLongAt(input: Omit<RegressionInput, 'changed'>): number | undefined {
  const { change, window, now } = input;
  if (!change || change.proven) return undefined;
  const times = suspectsOf(input, change).flatMap((suspect) =>
    lostReadiness(suspect, window) ? [suspect.health.unreadySince + UNREADY_SECONDS] : [],
  );
  const later = times.filter((at) => at > now);
  return later.length === 0 ? undefined : Math.min(...later);
}

function suspectsOf({ pods, appliedAt }: Pick<RegressionInput, 'pods' | 'appliedAt'>, { at }: RecommendationChange) {
  return pods.flatMap((pod): Suspect[] => {
    const had = hadSince(pod, Date.parse(at) / 1000, appliedAt);
    return had ? [{ ...pod, ...had }] : [];
  });
}

/** When a pod got other resources: not before `since`, and by `by` at the latest. Seconds since 1970. */
interface Had {
  readonly since: number;
  readonly by: number;
}

type Suspect = WatchedPod & Had;

/**
 * Since when a pod has the resources in question: since it was born, or was asked to be resized, which its node may be slow to do.
 * That another pod was resized later tells nothing of when this one was, but that it was no later.
 */
function hadSince(
  { carries, createdAt, resizedAt }: WatchedPod,
  changedAt: number,
  appliedAt: number | undefined,
): Had | undefined {
  if (!carries) return undefined;
  if (createdAt >= changedAt) return { since: createdAt, by: createdAt };
  if (appliedAt === undefined || appliedAt < changedAt) return undefined;
  const since = Math.max(changedAt, resizedAt ?? changedAt);
  return { since, by: Math.max(since, appliedAt) };
}

function troubled(suspects: readonly Suspect[], input: RegressionInput): Regression | undefined {
  const { change, changed, pods, window } = input;
  const innocent = new Set([
    ...(change?.troubled ?? []),
    ...pods.flatMap(({ carries, health }) => (carries ? [] : health.troubles.map(({ container }) => container))),
  ]);
  for (const { name, since, by, health } of suspects) {
    const found = health.troubles.find(
      ({ container, what, at }) =>
        isToBlame(changed.get(container), what) && !innocent.has(container) && at >= since && at <= by + window,
    );
    if (!found) continue;
    const { container, what } = found;
    const how = what === 'OOMKilled' ? 'was killed for want of memory' : 'crashes again and again';
    return { what, message: `container ${container} ${how} in pod ${name}, which had other resources` };
  }
  return undefined;
}

function isToBlame(changed: ReadonlySet<ResourceName> | undefined, what: Trouble['what']): boolean {
  return changed !== undefined && (what !== 'OOMKilled' || changed.has('memory'));
}

function notReady(
  suspects: readonly Suspect[],
  { available, failed = false }: RecommendationChange,
  { workload: { replicas, rollout }, window, now }: RegressionInput,
): Regression | undefined {
  const unready = suspects.filter((suspect) => lostReadiness(suspect, window));
  const [first] = unready;
  if (first && rollout.failed && !failed) {
    const message = `its rollout made no progress in time: pod ${first.name}, which had other resources, is not ready`;
    return { what: 'RolloutFailed', message };
  }
  const wanted = Math.min(available, replicas);
  const late = unready.find(({ health: { unreadySince } }) => now - unreadySince >= UNREADY_SECONDS);
  if (!late || rollout.available >= wanted) return undefined;
  const message = `${rollout.available} of ${wanted} pods are available: pod ${late.name}, which had other resources, is not ready`;
  return { what: 'NotReady', message };
}

/** Whether a pod is not ready, and ceased to be so soon after it got other resources. */
function lostReadiness(
  suspect: Suspect,
  window: number,
): suspect is Suspect & { readonly health: Required<Pick<PodHealth, 'unreadySince'>> } {
  const {
    since,
    by,
    health: { unreadySince },
  } = suspect;
  return unreadySince !== undefined && unreadySince >= since && unreadySince <= by + window;
}
