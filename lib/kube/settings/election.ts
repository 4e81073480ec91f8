import type { CONTROLLERS_SETTINGS } from './controllers.js';
import type { Settings } from './table.js';

/** The times of a leader election, each in milliseconds. */
export type ElectionTimes = Readonly<Record<'leaseDurationMs' | 'renewDeadlineMs' | 'retryPeriodMs', number>>;

/** A candidate's pause is up to this much longer than the retry period, so that candidates do not march in step. */
export const ELECTION_JITTER = 1.2;

/** The settings that the times of an election come from. */
const SETTINGS = {
  leaseDurationMs: 'leaderElectLeaseDuration',
  renewDeadlineMs: 'leaderElectRenewDeadline',
  retryPeriodMs: 'leaderElectRetryPeriod',
} as const satisfies Record<keyof ElectionTimes, string>;

export type ElectionSettings = Pick<Settings<typeof CONTROLLERS_SETTINGS>, (typeof SETTINGS)[keyof ElectionTimes]>;

/** @throws RangeError naming the setting, for times that do not fit each other */
export function electionTimes(settings: ElectionSettings): ElectionTimes {
  const times = {
    leaseDurationMs: settings.leaderElectLeaseDuration,
    renewDeadlineMs: settings.leaderElectRenewDeadline,
    retryPeriodMs: settings.leaderElectRetryPeriod,
  };
  checkElectionTimes(times, SETTINGS);
  return times;
}

/**
 * client-go's conditions.
 * @param named what to call the times in errors
 * @throws RangeError for times that do not fit each other
 */
export function checkElectionTimes(
  { leaseDurationMs, renewDeadlineMs, retryPeriodMs }: ElectionTimes,
  named: Readonly<Record<keyof ElectionTimes, string>> = {
    leaseDurationMs: 'leaseDurationMs',
    renewDeadlineMs: 'renewDeadlineMs',
    retryPeriodMs: 'retryPeriodMs',
  },
): void {
  const refuse = (name: keyof ElectionTimes, ms: number, least: string) => {
    throw new RangeError(`${named[name]} is ${ms} ms; it must be greater than ${least}`);
  };
  if (!(retryPeriodMs > 0)) refuse('retryPeriodMs', retryPeriodMs, '0');
  if (!(renewDeadlineMs > ELECTION_JITTER * retryPeriodMs)) {
    refuse('renewDeadlineMs', renewDeadlineMs, `${ELECTION_JITTER} times ${named.retryPeriodMs} (${retryPeriodMs} ms)`);
  }
  if (!(leaseDurationMs > renewDeadlineMs)) {
    refuse('leaseDurationMs', leaseDurationMs, `${named.renewDeadlineMs} (${renewDeadlineMs} ms)`);
  }
}
