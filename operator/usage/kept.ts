import { UsageRecordError } from 'optipod/lib/usage';
import { JournalConflict } from '../journal/record.js';
import type { Journal } from '../journal/journal.js';
import { createBackoff, messageOf, pause, systemClock, type Component, type Logger } from '../runtime/index.js';
import type { KeptUsage, UsageCollector } from './collector.js';

export interface KeptCollectorOptions {
  readonly collector: UsageCollector;
  readonly journal: Journal;
}

/** So long records are kept whatever is asked for, in seconds: after a start it takes a while until somebody asks. */
const LEAST_RETENTION = 86_400;

/** How soon reading the journal is tried again, and at most. */
const RETRY = { initialMs: 500, maxMs: 30_000, resetAfterMs: 60_000 } as const;

/**
 * A collector of what cannot be asked for a second time: it begins with what a former process kept, and what it reads is kept
 * for the next one.
 * @returns the component to run in place of the collector, and what takes its readings
 */
export function keptCollector({ collector, journal }: KeptCollectorOptions): Component & {
  readonly keep: (usage: KeptUsage) => void;
} {
  let log: Logger | undefined;
  let writing: Promise<void> = Promise.resolve();

  async function write({ kind, ...record }: KeptUsage): Promise<void> {
    try {
      if (kind === 'interval') await journal.append(record);
      else {
        await journal.seal(record);
        await journal.forget(Math.max(0, record.to - Math.max(LEAST_RETENTION, collector.retention)));
      }
    } catch (error) {
      // What was not written is the journal's, and goes with the next call; what is of a time that is kept is of no use.
      const level = error instanceof JournalConflict ? 'debug' : 'warn';
      log?.[level]({ err: error, kind, to: record.to }, 'readings are not kept yet');
    }
  }

  async function restore(signal: AbortSignal): Promise<void> {
    const backoff = createBackoff(RETRY);
    const stopped = () => signal.aborted;
    while (!stopped()) {
      try {
        let records = 0;
        await journal.restore(({ bytes, kind, to }) => {
          try {
            collector.restore({ bytes });
            records += 1;
          } catch (error) {
            if (!(error instanceof UsageRecordError)) throw error;
            log?.warn({ kind, to, problem: error.message }, 'kept readings are set aside');
          }
        }, signal);
        log?.info({ records }, 'readings of a former process are known again');
        return;
      } catch (error) {
        if (stopped()) return;
        const retryInMs = backoff.next();
        log?.warn({ problem: messageOf(error), retryInMs: Math.round(retryInMs) }, 'kept readings cannot be read yet');
        await pause(systemClock, retryInMs, signal);
      }
    }
  }

  return {
    name: collector.name,
    keep: (usage) => {
      writing = writing.then(() => write(usage));
    },
    async run(signal, context) {
      log = context.log.child({ component: collector.name });
      await restore(signal);
      await collector.run(signal, context);
      await writing;
    },
  };
}
