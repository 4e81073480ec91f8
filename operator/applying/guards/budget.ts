/** How much may happen in an hour, by key. */
export interface Budget {
  /** Milliseconds until a key has one left: 0 where it has. */
  waitMs(key: string): number;
  take(key: string): void;
  /** What was taken and not used. */
  giveBack(key: string): void;
}

const HOUR_MS = 3_600_000;

/** What was given a leave may be under way for so long: within any hour no more is to be seen done than was given for one. */
const UNDER_WAY_MS = 60_000;

/** Ten minutes' worth may come at once: enough for a handful of workloads, and seen before it is many. */
const BURST_SHARE = 1 / 6;

/**
 * A bucket of tokens for each key. What may come at once is the hour's too, and the rest of it is spread: so no hour has more,
 * whenever it begins. All are empty when the first is asked for: a new leader does not know what the one before spent.
 * @param perHour 0 for nothing at all
 * @param now milliseconds that only grow
 */
export function createBudget(perHour: number, now: () => number): Budget {
  const most = perHour === 0 ? 0 : Math.max(1, perHour * BURST_SHARE);
  // The first of them may be the last of another hour.
  const perMs = perHour === 0 ? 0 : (perHour + 1 - most) / (HOUR_MS + UNDER_WAY_MS);
  const buckets = new Map<string, { readonly tokens: number; readonly at: number }>();
  let begun: number | undefined;

  /** What is full is as if it had never been asked for, and forgotten. */
  function tokensOf(key: string): number {
    begun ??= now();
    const { tokens, at } = buckets.get(key) ?? { tokens: 0, at: begun };
    const filled = Math.min(most, tokens + (now() - at) * perMs);
    if (filled === most && now() - begun >= most / perMs) buckets.delete(key);
    return filled;
  }

  const set = (key: string, change: number) =>
    void buckets.set(key, { tokens: Math.min(most, tokensOf(key) + change), at: now() });

  return {
    waitMs(key) {
      const missing = 1 - tokensOf(key);
      if (missing <= 0) return 0;
      return perHour === 0 ? HOUR_MS : Math.ceil(missing / perMs);
    },
    take: (key) => set(key, -1),
    giveBack: (key) => set(key, 1),
  };
}
