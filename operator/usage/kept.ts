import { JournalConflict } from '../journal/record.js';
import type { Journal } from '../journal/journal.js';
import type { Component, Logger } from '../runtime/index.js';
import type { UsageCollector } from './collector.js';
import type { KeptUsage } from './keeping.js';
import { restoreKept } from './restore-kept.js';

export interface KeptCollectorOptions {
  readonly collector: UsageCollector;
  readonly journal: Journal;
}

/** So long records are kept whatever is asked for, in seconds: after a start it takes a while until somebody asks. */
const LEAST_RETENTION = 86_400;

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

  return {
    name: collector.name,
    keep: (usage) => {
      writing = writing.then(() => write(usage));
    },
    async run(signal, context) {
      log = context.log.child({ component: collector.name });
      await restoreKept({ journal, take: (bytes) => collector.restore({ bytes }), signal, log });
      await collector.run(signal, context);
      await writing;
    },
  };
}
