import type { Clock } from '../../../operator/runtime/index.js';

/** A clock that moves when the test says so. Times in milliseconds. */
export function fakeClock() {
  const timers = new Map<object, { readonly at: number; readonly fire: () => void }>();
  let now = 0;
  const clock: Clock = {
    now: () => now,
    after(ms, fire) {
      const handle = {};
      timers.set(handle, { at: now + ms, fire });
      return () => void timers.delete(handle);
    },
  };
  return {
    ...clock,
    /** Fires what is due within this time, in order. */
    advance(ms: number) {
      const end = now + ms;
      for (;;) {
        const [next] = [...timers].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at);
        if (!next) break;
        const [handle, { at, fire }] = next;
        timers.delete(handle);
        now = at;
        fire();
      }
      now = end;
    },
    /** In how long the next timer is due. */
    next: () => Math.min(...Array.from(timers.values(), ({ at }) => at)) - now,
  };
}
