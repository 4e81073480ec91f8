import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from './errors.js';

/** Thrown by a probe to say that waiting longer cannot help (a program has exited); `waitFor` passes it on at once. */
export class Hopeless extends Error {
  override readonly name = 'Hopeless';
}

/** How many times longer than it says a wait may last: what is generous on an idle machine is not where four runs share it. */
export const patience = Number(process.env.OPTIPOD_PATIENCE ?? 1);

export interface WaitOptions {
  /** Times OPTIPOD_PATIENCE. @default 60000 */
  timeoutMs?: number;
  /** Pause between two probes. @default 100 */
  everyMs?: number;
}

/**
 * Calls `probe` until it gives something other than `undefined` and resolves to that. A probe that throws is asked again; one
 * that hangs is not waited for any longer than all of them. Rejects after `timeoutMs` with what was waited for and the last error.
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined> | T | undefined,
  options: WaitOptions = {},
): Promise<T> {
  const { everyMs = 100 } = options;
  const timeoutMs = (options.timeoutMs ?? 60_000) * patience;
  const deadline = Date.now() + timeoutMs;
  let last = 'nothing yet';
  for (;;) {
    try {
      const value = await inTime(probe, deadline);
      if (value === LATE) last += ' (the last probe has not answered)';
      else if (value !== undefined) return value;
      else last = 'nothing yet';
    } catch (error) {
      if (error instanceof Hopeless)
        throw new Hopeless(`while waiting for ${what}: ${error.message}`, { cause: error });
      last = messageOf(error);
    }
    if (Date.now() >= deadline) throw new Error(`waited ${timeoutMs / 1000} s for ${what}; last seen: ${last}`);
    await pause(everyMs);
  }
}

const LATE = Symbol('late');

async function inTime<T>(probe: () => Promise<T> | T, deadline: number): Promise<T | typeof LATE> {
  const over = new AbortController();
  const late = pause(Math.max(0, deadline - Date.now()), LATE, { signal: over.signal });
  // It is over as soon as there is an answer.
  late.catch(() => undefined);
  try {
    return await Promise.race([probe(), late]);
  } finally {
    over.abort();
  }
}
