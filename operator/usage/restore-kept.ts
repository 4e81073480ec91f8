import { UsageRecordError } from 'optipod/lib/usage';
import type { Journal } from '../journal/journal.js';
import { createBackoff, messageOf, pause, systemClock, type Clock, type Logger } from '../runtime/index.js';

export interface RestoringOptions {
  readonly journal: Journal;
  /** Takes one record. @throws UsageRecordError: nothing of it counts */
  readonly take: (bytes: Uint8Array) => void;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** How soon reading the journal is tried again, and at most. */
const RETRY = { initialMs: 500, maxMs: 30_000, resetAfterMs: 60_000 } as const;

/** Gives out what a former process kept, and tries until it can be read, or the signal is aborted. */
export async function restoreKept({
  journal,
  take,
  signal,
  log,
  clock = systemClock,
}: RestoringOptions): Promise<void> {
  const backoff = createBackoff(RETRY);
  const stopped = () => signal.aborted;
  while (!stopped()) {
    try {
      let records = 0;
      await journal.restore(({ bytes, kind, to }) => {
        try {
          take(bytes);
          records += 1;
        } catch (error) {
          if (!(error instanceof UsageRecordError)) throw error;
          log.warn({ kind, to, problem: error.message }, 'what was kept is set aside');
        }
      }, signal);
      log.info({ records }, 'what a former process kept is known again');
      return;
    } catch (error) {
      if (stopped()) return;
      const retryInMs = backoff.next();
      log.warn({ problem: messageOf(error), retryInMs: Math.round(retryInMs) }, 'what was kept cannot be read yet');
      await pause(clock, retryInMs, signal);
    }
  }
}
