/** Of the replicas' leader election: a fifth of the defaults. */
export const TIMES = { leaseDurationMs: 3000, renewDeadlineMs: 2000, retryPeriodMs: 500 } as const;

/** B-OPR-1: in this time a leader that died has a successor. */
export const HAND_OVER_MS = TIMES.leaseDurationMs + 1.2 * TIMES.retryPeriodMs + 1000;
