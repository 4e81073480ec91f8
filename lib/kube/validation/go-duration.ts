/** Durations as Go's time.ParseDuration reads them, to the nanosecond and with its limits. */
export class GoDuration {
  readonly nanos: bigint;

  /** @throws RangeError beyond ±292 years, where CEL in kube-apiserver overflows. */
  constructor(nanos: bigint) {
    if (nanos > MAX || nanos < -MAX - 1n) throw new RangeError('duration overflow');
    this.nanos = nanos;
  }
}

const MAX = 2n ** 63n - 1n;

/** What begins with another comes before it. */
const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  // U+00B5 and U+03BC.
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

const PART = new RegExp(String.raw`(?:(\d+)(?:\.(\d*))?|\.(\d+))(${Object.keys(UNITS).join('|')})`, 'y');

/** @throws RangeError for what Go does not take. */
export function parseGoDuration(text: string): GoDuration {
  const sign = /^[+-]/.test(text) ? 1 : 0;
  if (text.slice(sign) === '0') return new GoDuration(0n);
  let total = 0n;
  PART.lastIndex = sign;
  do {
    const part = PART.exec(text);
    if (!part) throw new RangeError(`not a duration: ${text}`);
    const [, whole = '0', fraction, onlyFraction = '', unit = ''] = part;
    const nanos = UNITS[unit] ?? 0n;
    total += BigInt(whole) * nanos + fractionOf(fraction ?? onlyFraction, nanos);
  } while (PART.lastIndex < text.length);
  return new GoDuration(text.startsWith('-') ? -total : total);
}

/** In floating point and without the digits that no longer fit an int64, as Go does it. */
function fractionOf(digits: string, unit: bigint): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const longer = value * 10n + BigInt(digit);
    if (value > MAX / 10n || longer > MAX) break;
    value = longer;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}
