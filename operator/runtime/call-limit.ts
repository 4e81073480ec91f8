import { Fenced } from './answer.js';
import type { Clock } from './clock.js';
import { ApiError, ConnectionError, messageOf } from './errors.js';
import type { CallOptions } from './requests.js';

const DEADLINE_MS = 30_000;

/** A call's time limit joined with its caller's signal. */
export interface Limit {
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** Takes the time limit away; the caller's signal stays. */
  lift(): void;
  clear(): void;
  /** The error to throw: the caller's own reason, the deadline, or the failure itself with a name. */
  explain(what: string, error: unknown, sent?: boolean): unknown;
}

export function createLimit({ signal, timeoutMs = DEADLINE_MS }: CallOptions, clock: Clock): Limit {
  const controller = new AbortController();
  const end = clock.now() + timeoutMs;
  let expired = false;
  const lift = clock.after(timeoutMs, () => {
    expired = true;
    controller.abort();
  });
  const cancel = () => controller.abort();
  // Not AbortSignal.any: it holds on to every signal derived from one that lives as long as the process.
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  return {
    signal: controller.signal,
    remainingMs: () => end - clock.now(),
    lift,
    clear() {
      lift();
      signal?.removeEventListener('abort', cancel);
    },
    explain(what, error, sent = true) {
      if (signal?.aborted) return signal.reason as unknown;
      if (error instanceof ApiError || error instanceof ConnectionError || error instanceof Fenced) return error;
      const problem = expired ? `no answer within ${timeoutMs / 1000} s` : messageOf(error);
      return new ConnectionError(what, problem, error, sent);
    },
  };
}
