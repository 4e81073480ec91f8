import { systemClock, type Clock } from '../../runtime/index.js';

/** How long an answer may take in all, in times of how long it may be silent: a large one on a slow line. */
const WHOLE = 10;

/** The time limit of one try. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Whether time ran out, rather than the caller's patience. */
  readonly expired: boolean;
  /** Something came. */
  extend(): void;
  clear(): void;
}

/** Aborts when the server was silent for so long, when it took ten times that in all, and when the caller's signal does. */
export function deadline(silenceMs: number, signal: AbortSignal, clock: Clock = systemClock): Deadline {
  const controller = new AbortController();
  let expired = false;
  const expire = () => {
    expired = true;
    controller.abort();
  };
  const cancel = () => controller.abort();
  // Not AbortSignal.any: it holds on to every signal derived from one that lives as long as the process.
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  const liftWhole = clock.after(silenceMs * WHOLE, expire);
  let lift = clock.after(silenceMs, expire);
  return {
    signal: controller.signal,
    get expired() {
      return expired;
    },
    extend() {
      lift();
      lift = clock.after(silenceMs, expire);
    },
    clear() {
      lift();
      liftWhole();
      signal.removeEventListener('abort', cancel);
    },
  };
}
