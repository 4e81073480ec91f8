/** Growing pauses between tries of one thing. */
export interface Backoff {
  /** How long to pause before the next try, in milliseconds. */
  next(): number;
}

export interface BackoffOptions {
  readonly initialMs: number;
  readonly maxMs: number;
  /** Pauses start over when this long passed since the last one began. */
  readonly resetAfterMs: number;
}

/** Doubling pauses with jitter: each is from half to one and a half times its turn, so that clients do not march in step. */
export function createBackoff(
  { initialMs, maxMs, resetAfterMs }: BackoffOptions,
  now: () => number = () => performance.now(),
): Backoff {
  let turn = initialMs;
  let last = Number.NEGATIVE_INFINITY;
  return {
    next() {
      const at = now();
      if (at - last > resetAfterMs) turn = initialMs;
      last = at;
      const pause = turn * (0.5 + Math.random());
      turn = Math.min(maxMs, turn * 2);
      return pause;
    },
  };
}
