import { encodeUsageRecord, type UsageRecord } from 'optipod/lib/usage';
import type { ReadRequest } from '../metrics/reading.js';
import type { UsageHistory } from './history.js';
import type { UsageReading } from './usage-reading.js';

/** What is kept for the next process: bytes that this one alone understands. Times in seconds since 1970. */
export interface KeptUsage {
  readonly kind: UsageRecord['kind'];
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
}

const HOUR = 3600;

/** Has every reading kept for the next process, and every hour once it is sealed. */
export class Keeping {
  readonly #history: UsageHistory;
  readonly #keep: (usage: KeptUsage) => void;
  /** The end of the last hour that was kept. */
  #keptTo: number | undefined;

  constructor(history: UsageHistory, keep: (usage: KeptUsage) => void) {
    this.#history = history;
    this.#keep = keep;
  }

  /** A reading that ended. */
  reading({ from }: ReadRequest, reading: UsageReading): void {
    const to = reading.newest;
    if (to === undefined) return;
    this.#write({ kind: 'interval', from: Math.max(0, Math.min(from, to - 1)), to, containers: reading.records() });
  }

  /** The hours that are sealed as of an instant. */
  hours(now: number): void {
    const sealed = this.#history.sealedHour(now);
    // Where there was a long pause, nothing is in the hours but the last.
    while (this.#keptTo !== undefined && this.#keptTo < sealed) {
      this.#keptTo += HOUR;
      const record = this.#history.segment(this.#keptTo);
      if (record.containers.some(({ series }) => series.length > 0)) this.#write(record);
    }
  }

  /** A former process kept this one. */
  restored({ kind, from, to }: UsageRecord): void {
    this.#keptTo = kind === 'segment' ? to : (this.#keptTo ?? startOfHour(from));
  }

  #write(record: UsageRecord): void {
    this.#keptTo ??= startOfHour(record.from);
    this.#keep({ kind: record.kind, from: record.from, to: record.to, bytes: encodeUsageRecord(record) });
  }
}

function startOfHour(at: number): number {
  return Math.floor(at / HOUR) * HOUR;
}
