import { type Clock, systemClock } from '../../operator/runtime/index.js';

/** A clock that also moves when told to, as that of a machine that slept, or was set. */
export interface JumpingClock extends Clock {
  /** Forwards, timers fire that are due by then. Backwards, timers still fire after the time they were to wait. */
  jump(ms: number): void;
}

export function jumpingClock(): JumpingClock {
  const timers = new Set<Timer>();
  let ahead = 0;

  function start(timer: Timer): void {
    timers.add(timer);
    timer.cancel = systemClock.after(Math.max(0, timer.at - systemClock.now()), () => {
      timers.delete(timer);
      timer.fire();
    });
  }

  function stop(timer: Timer): boolean {
    timer.cancel();
    return timers.delete(timer);
  }

  function after(ms: number, fire: () => void): () => void {
    const timer: Timer = { at: systemClock.now() + ms, fire, cancel: () => undefined };
    start(timer);
    return () => void stop(timer);
  }

  return {
    now: () => systemClock.now() + ahead,
    after,
    jump(ms) {
      ahead += ms;
      if (ms < 0) return;
      for (const timer of [...timers].sort((a, b) => a.at - b.at)) {
        // One that fires may call others off.
        if (!stop(timer)) continue;
        timer.at -= ms;
        if (timer.at <= systemClock.now()) timer.fire();
        else start(timer);
      }
    },
  };
}

interface Timer {
  /** As the system's clock has it. */
  at: number;
  readonly fire: () => void;
  cancel: () => void;
}
