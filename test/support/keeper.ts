import type { Journal } from '../../operator/journal/journal.js';
import type { JournalRecord, SetAside } from '../../operator/journal/record.js';

/** Seconds. */
const MINUTE = 60;

/** What one process knows of the readings 0, 1, 2, … of which the n-th is of the n-th minute. */
export interface Keeper {
  /** In the order in which they came or were restored. */
  readonly readings: readonly number[];
  readonly setAside: readonly SetAside[];
  append(reading: number): Promise<void>;
  /** All readings that no segment has yet. */
  seal(): Promise<void>;
  /** All readings in one segment. */
  sealAll(): Promise<void>;
  /** What is older than a reading. */
  forget(before: number): Promise<void>;
}

/** Restores, and goes on from there; of a recommender's history it has what a test must know: which readings are in it. */
export async function openKeeper(journal: Journal, padding: (readings: readonly number[]) => Uint8Array = none) {
  const readings: number[] = [];
  let unsealed: number[] = [];
  const setAside = await journal.restore(({ kind, bytes }) => {
    const restored = readingsIn(bytes);
    readings.push(...restored);
    if (kind === 'interval') unsealed.push(...restored);
  });
  const keeper: Keeper = {
    readings,
    setAside,
    async append(reading) {
      readings.push(reading);
      unsealed.push(reading);
      await journal.append(recordOf([reading]));
    },
    async seal() {
      if (unsealed.length === 0) return;
      const record = recordOf(unsealed, padding(unsealed));
      unsealed = [];
      await journal.seal(record);
    },
    async sealAll() {
      if (readings.length === 0) return;
      unsealed = [];
      await journal.seal(recordOf(readings, padding(readings)));
    },
    forget: (before) => journal.forget(before * MINUTE),
  };
  return keeper;
}

export function recordOf(readings: readonly number[], padding: Uint8Array = none()): JournalRecord {
  const head = Buffer.from(`${JSON.stringify(readings)}\n`);
  const bytes = Buffer.concat([head, padding]);
  return { from: Math.min(...readings) * MINUTE, to: (Math.max(...readings) + 1) * MINUTE, bytes };
}

export function readingsIn(bytes: Uint8Array): number[] {
  const text = Buffer.from(bytes);
  return JSON.parse(text.subarray(0, text.indexOf('\n')).toString()) as number[];
}

function none(): Uint8Array {
  return new Uint8Array();
}
