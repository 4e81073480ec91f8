import type { Journal } from '../../operator/journal/journal.js';
import { noise } from './kept-readings.js';
import { type Keeper, openKeeper } from './keeper.js';

/** What the plan comes to when nothing disturbs it. */
export const PLANNED = { readings: 7, remembered: [4, 5, 6] } as const;

/** So large that a segment is in two ConfigMaps. */
const SEGMENT_BYTES = 800 * 1024;

/**
 * Takes seven readings, and in between does everything that a journal does: seals, seals a wider segment, forgets. What an earlier
 * process has of it is not done again; what it left half done is.
 */
export async function carryOut(journal: Journal): Promise<Keeper> {
  const keeper = await openKeeper(journal, (readings) => noise(readings, SEGMENT_BYTES));
  const last = Math.max(-1, ...keeper.readings);
  if (last >= 0) await follow(keeper, last);
  for (let reading = last + 1; reading < PLANNED.readings; reading += 1) {
    await keeper.append(reading);
    await follow(keeper, reading);
  }
  return keeper;
}

/** What is due when a reading is there. */
async function follow(keeper: Keeper, reading: number): Promise<void> {
  if ([1, 3, 5].includes(reading)) await keeper.seal();
  if (reading === 3) await keeper.sealAll();
  if (reading === 5) await keeper.forget(5);
}
