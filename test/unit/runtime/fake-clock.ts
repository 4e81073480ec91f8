/** Timers that fire when the test says so, in place of the global ones. Times in milliseconds. */
export function fakeClock() {
  const { setTimeout: realSet, clearTimeout: realClear } = globalThis;
  const timers = new Map<object, { readonly at: number; readonly fire: () => void }>();
  let now = 0;
  const fakeSet = (fire: () => void, ms = 0) => {
    const handle = {};
    timers.set(handle, { at: now + ms, fire });
    return handle;
  };
  globalThis.setTimeout = fakeSet as unknown as typeof setTimeout;
  globalThis.clearTimeout = ((handle: object) => timers.delete(handle)) as typeof clearTimeout;
  return {
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
    restore() {
      globalThis.setTimeout = realSet;
      globalThis.clearTimeout = realClear;
    },
  };
}
