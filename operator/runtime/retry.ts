import { setTimeout as pause } from 'node:timers/promises';
import { isConflict } from './errors.js';

export interface ConflictRetryOptions {
  /** Tries, the first included. @default 5 */
  readonly attempts?: number;
  /** The pause before the first retry; each further one doubles it; all with jitter. @default 10 */
  readonly pauseMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads, changes and writes again while the write meets a newer version of the object than was read. The function has to read
 * anew from the API each time: from a cache it may get the same old version.
 * @throws the last conflict; at once, whatever else the function throws
 */
export async function retryOnConflict<T>(
  readModifyWrite: () => Promise<T>,
  { attempts = 5, pauseMs = 10, signal }: ConflictRetryOptions = {},
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readModifyWrite();
    } catch (error) {
      if (!isConflict(error) || attempt >= attempts) throw error;
    }
    const wait = pauseMs * 2 ** (attempt - 1) * (0.5 + Math.random());
    await pause(wait, undefined, { signal }).catch((error: unknown) => {
      throw signal?.aborted ? signal.reason : error;
    });
  }
}
