import { setTimeout as pause } from 'node:timers/promises';

const STILL_MS = 1000;

/** A number once it stands still: what a process had on the wire when it was killed may be written a moment later. */
export async function settledNumber(read: () => Promise<number>): Promise<number> {
  for (let last = await read(); ;) {
    await pause(STILL_MS);
    const now = await read();
    if (now === last) return now;
    last = now;
  }
}
