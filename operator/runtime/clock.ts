/** Time as the runtime sees it: how long things take, never what time it is. */
export interface Clock {
  /** Milliseconds since some instant; only differences mean anything. */
  now(): number;
  /** Calls once, when the time has passed; @returns a function that calls it off */
  after(ms: number, fire: () => void): () => void;
}

/** The longest that setTimeout takes; beyond, it would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Monotonic: setting the machine's clock moves nothing. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, fire) {
    let timer: NodeJS.Timeout;
    const wait = (left: number) => {
      const rest = left - LONGEST_TIMER_MS;
      timer = rest > 0 ? setTimeout(() => wait(rest), LONGEST_TIMER_MS) : setTimeout(fire, left);
    };
    wait(ms);
    return () => clearTimeout(timer);
  },
};

/** Resolves after the time, or as soon as the signal is aborted. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}
