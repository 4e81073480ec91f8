import type { WorkloadRecommendation } from '../../imports/types/workload-recommendation.js';

export interface BreakerSettings {
  /** Of the workloads changed lately, the share that may have regressed. */
  readonly share: number;
  /** What lately means, in seconds. */
  readonly window: number;
}

/** Whether changes go wrong in general, and not for one workload alone. */
export interface Breaker {
  readonly isOpen: boolean;
  /** Workloads changed lately, and those of them that regressed. */
  readonly changed: number;
  readonly regressed: number;
  /** Seconds since 1970: when it is closed at the latest, if nothing more regresses; absent where it is. */
  readonly closesAt?: number;
}

/** One or two may be a bad node, or a release of their own that came at the same time. */
const LEAST_REGRESSED = 3;

/**
 * The circuit breaker, from what is remembered of every workload: it is the same on every replica, and outlives them.
 * @param now seconds since 1970
 */
export function breakerAt(
  recommendations: readonly Pick<WorkloadRecommendation, 'status'>[],
  { share, window }: BreakerSettings,
  now: number,
): Breaker {
  const isLate = (instant: number | undefined) => instant !== undefined && instant > now - window;
  let changed = 0;
  const regressions: number[] = [];
  for (const { status } of recommendations) {
    const suspension = status?.applying?.suspension;
    const since = suspension?.reason === REGRESSED ? seconds(suspension.since) : undefined;
    if (since !== undefined && isLate(since)) regressions.push(since);
    if (isLate(since) || isLate(seconds(status?.lastApplied))) changed += 1;
  }
  const regressed = regressions.length;
  const last = regressions.sort((a, b) => b - a)[LEAST_REGRESSED - 1];
  const isOpen = last !== undefined && regressed / changed >= share;
  return { isOpen, changed, regressed, ...(isOpen ? { closesAt: last + window } : {}) };
}

/** Why nothing is applied to a workload that went back to what it had. */
export const REGRESSED = 'Regressed';

function seconds(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant) / 1000;
}
