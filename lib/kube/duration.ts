/**
 * Durations as policies write them: Go's syntax (`90s`, `1h30m`, `1.5h`) with whole weeks and days allowed in front (`7d`, `1d12h`).
 */

/** Go's units; what begins with another comes before it. */
const GO_UNIT_MS = {
  ns: 1e-6,
  us: 1e-3,
  // U+00B5 and U+03BC.
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const UNIT_MS: Readonly<Record<string, number>> = { ...GO_UNIT_MS, d: 86_400_000, w: 604_800_000 };

const GO_PART = String.raw`([0-9]+(\.[0-9]*)?|\.[0-9]+)(${oneOf(GO_UNIT_MS)})`;

/** What a duration looks like; the CRD's `pattern`, so it stays within RE2. */
export const DURATION_PATTERN = String.raw`^([0-9]{1,4}w)?([0-9]{1,5}d)?(${GO_PART})*$`;

const DURATION = new RegExp(DURATION_PATTERN);
const PART = new RegExp(String.raw`(\d+(?:\.\d*)?|\.\d+)(${oneOf(UNIT_MS)})`, 'g');

function oneOf(units: Readonly<Record<string, number>>): string {
  return Object.keys(units).join('|');
}

/** @returns the duration in milliseconds, or undefined for what is no duration (an empty string among it). */
export function parseDuration(text: string): number | undefined {
  if (text === '' || !DURATION.test(text)) return undefined;
  let total = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(PART)) total += Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
  return total;
}

/** As `parseDuration`, for values that were validated before. @throws RangeError naming the value. */
export function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new RangeError(`not a duration: ${JSON.stringify(text)}; write it as 90s, 12h or 7d`);
  return ms;
}
