import { readRecommendations, type ContainerResources } from 'optipod/lib/api';
import {
  afterChange,
  afterRegression,
  carries,
  changedResources,
  isProven,
  isRemembered,
  REGRESSED,
  regressionOf,
  unreadyTooLongAt,
  type Baseline,
  type WatchedPod,
} from 'optipod/lib/apply';
import { resourcesOf, suspensionAt } from 'optipod/lib/recommend';
import type { EventRecorder } from '../../runtime/index.js';
import type { SeenPod } from '../../usage/pods.js';
import { statusOf, type Told } from '../../workloads/recommendation.js';
import { onWorkload } from '../../workloads/on-workload.js';
import type { Workload } from '../../workloads/workload.js';

type Applying = NonNullable<Told['status']>['applying'];

export interface RollbackOptions {
  /** The pods of a workload that are there to stay. */
  readonly podsOf: (workload: Workload) => readonly SeenPod[];
  readonly event: EventRecorder['event'];
  /** Has a workload judged again after a time, in milliseconds: that a pod is still not ready is no event. */
  readonly lookAgain: (workload: Workload, afterMs: number) => void;
  /** Milliseconds: how long a pod is watched, and how long a workload that regressed is left alone. */
  readonly settings: { readonly regressionWindow: number; readonly regressionHoldoff: number };
}

/** Workloads that regress go back to what they had; what that takes to know is in their WorkloadRecommendations. */
export interface Rollback {
  /**
   * What is remembered of a workload, with a suspension where it regressed: from then on it is held.
   * @param told what was last told of it
   * @param now seconds since 1970
   */
  judge(workload: Workload, told: Told | undefined, now: number): Applying;
  /** Whether a workload is to go back to what it had, or has gone and is held for it: that waits for no usage. */
  hasRegressed(workload: Workload, told: Told | undefined, now: number): boolean;
  /** Notes how a workload fares before anything is applied to it: pods may be made anew, and suffer, while that is being written. */
  watch(workload: Workload, now: number): Watch;
}

/** What is remembered of a workload that is watched from now on. */
export interface Watch {
  /** Where its annotations are to be these, which new pods get. */
  injecting(applying: Applying, annotations: Readonly<Record<string, string>>): Applying;
  /** Where its template is about to be written, and what OptiPod will have in it then: pods are made anew, even if all had this once. */
  writing(applying: NonNullable<Applying>, containers: ContainerResources): NonNullable<Applying>;
}

/** Whether what was last applied to a workload may still be to blame for what becomes of it. */
export function isWatched(told: Told | undefined): boolean {
  const change = told?.status?.applying?.change;
  return change !== undefined && change.proven !== true;
}

export function createRollback({ podsOf, event, lookAgain, settings }: RollbackOptions): Rollback {
  const window = settings.regressionWindow / 1000;
  const holdoff = settings.regressionHoldoff / 1000;

  /** What there is to judge of a workload; undefined where it is proven, suspended, or nothing was changed. */
  function caseOf(workload: Workload, told: Told | undefined, now: number) {
    const applying = statusOf(told, workload)?.applying;
    const change = applying?.change;
    if (!applying || !change || change.proven || suspensionAt(applying, { content: workload.content }, now))
      return undefined;
    const pods = podsOf(workload);
    const said = resourcesOf(change.containers);
    const appliedAt = told?.status?.lastApplied === undefined ? undefined : Date.parse(told.status.lastApplied) / 1000;
    const watched = pods.map((pod) => watchedPod(pod, carries(pod.spec, said)));
    const input = { change, appliedAt, pods: watched, workload, window, now };
    const regression = regressionOf({ ...input, changed: changedResources(applying, workload) });
    return { applying, change, pods, input, regression };
  }

  return {
    judge(workload, told, now) {
      const open = caseOf(workload, told, now);
      if (!open) return statusOf(told, workload)?.applying;
      const { applying, change, pods, input, regression } = open;
      if (regression) {
        const after = afterRegression(applying, regression, baselineOf(workload, pods, now), holdoff);
        const { message, until } = after.suspension;
        event(onWorkload(workload), { type: 'Warning', reason: REGRESSED, message: `${message} until ${until}` });
        return after;
      }
      const due = unreadyTooLongAt(input);
      if (due !== undefined) lookAgain(workload, (due - now) * 1000);
      return isProven(input) ? { ...applying, change: { ...change, proven: true } } : applying;
    },
    hasRegressed(workload, told, now) {
      const suspension = suspensionAt(statusOf(told, workload)?.applying, { content: workload.content }, now);
      return suspension?.reason === REGRESSED || caseOf(workload, told, now)?.regression !== undefined;
    },
    watch(workload, now) {
      const pods = podsOf(workload);
      const changedTo = (applying: Applying, wanted: ContainerResources) => {
        const before = resourcesOf(applying?.change?.containers);
        const wasCarried = before.size > 0 && pods.some(({ spec }) => carries(spec, before));
        return afterChange(applying, wanted, wasCarried, baselineOf(workload, pods, now));
      };
      return {
        injecting(applying, annotations) {
          const wanted = readRecommendations(annotations);
          return wanted.size === 0 || isRemembered(applying, wanted) ? applying : changedTo(applying, wanted);
        },
        writing: changedTo,
      };
    },
  };
}

function watchedPod({ metadata, resizedAt, health }: SeenPod, isCarrying: boolean): WatchedPod {
  const createdAt = Date.parse(metadata.creationTimestamp) / 1000;
  const resized = resizedAt === undefined ? {} : { resizedAt };
  return { name: metadata.name, createdAt, ...resized, carries: isCarrying, health };
}

function baselineOf({ content, rollout }: Workload, pods: readonly SeenPod[], now: number): Baseline {
  const troubled = pods.flatMap(({ health }) => health.troubles.map(({ container }) => container));
  return { now, content, available: rollout.available, failed: rollout.failed, troubled };
}
