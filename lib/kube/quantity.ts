/**
 * Kubernetes quantities, exact: every spelling kube-apiserver takes (`500m`, `0.5`, `1e3`, `1.5Gi`, `2`, plain integers)
 * as one BigInt of nano-units, the finest step that Kubernetes keeps.
 */

const NANO = 10n ** 9n;

const DECIMAL: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const BINARY: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

/** What a quantity looks like, apart from a string without any digit. */
export const QUANTITY_PATTERN = String.raw`^([+-]?)(\d*)(?:\.(\d*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?\d+)?$`;

const QUANTITY = new RegExp(QUANTITY_PATTERN);

/** Beyond these exponents every value is larger than kube-apiserver's maximum or smaller than a nano-unit. */
const EXPONENT_CEILING = 40;
const EXPONENT_FLOOR = -80;

/** An exact Kubernetes quantity. */
export interface Quantity {
  /** The amount in units of 10⁻⁹ (a core is 10⁹, so is a byte). */
  readonly nanos: bigint;
}

/** How a quantity may be written in a manifest. A number must be an integer: kube-apiserver refuses an unquoted 0.5. */
export type QuantityValue = string | number;

/**
 * Reads a quantity as kube-apiserver does; finer than nano is rounded away from zero.
 * @returns undefined for what is no quantity.
 */
export function parseQuantity(value: QuantityValue): Quantity | undefined {
  if (typeof value === 'number') {
    // Whole numbers from 2⁵³ on, which JSON has rounded, are quantities for kube-apiserver all the same.
    return Number.isInteger(value) ? { nanos: BigInt(value) * NANO } : undefined;
  }
  const match = QUANTITY.exec(value);
  if (!match) return undefined;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(whole + fraction);
  const shift = BINARY[suffix];
  const magnitude =
    shift === undefined
      ? scaleDecimal(digits, decimalExponent(suffix) - fraction.length + 9)
      : divideUp((digits << shift) * NANO, 10n ** BigInt(fraction.length));
  return { nanos: sign === '-' ? -magnitude : magnitude };
}

/** As `parseQuantity`, for values that were validated before. @throws RangeError naming the value. */
export function quantityOf(value: QuantityValue): Quantity {
  const quantity = parseQuantity(value);
  if (!quantity) throw new RangeError(`not a quantity: ${JSON.stringify(value)}; write it as 500m, 2 or 1Gi`);
  return quantity;
}

/** @returns negative, zero or positive as `a` is less than, equal to or greater than `b`. */
export function compareQuantities(a: Quantity, b: Quantity): number {
  return a.nanos < b.nanos ? -1 : a.nanos > b.nanos ? 1 : 0;
}

/** The amount as a floating-point number of whole units (cores, bytes); exact up to 2⁵³ of them. */
export function quantityToNumber({ nanos }: Quantity): number {
  return Number(nanos / NANO) + Number(nanos % NANO) / 1e9;
}

/** CPU in whole millicores, written canonically: 240 is `240m`, 2000 is `2`. */
export function formatMillicores(millicores: number): string {
  return millicores % 1000 === 0 ? String(millicores / 1000) : `${millicores}m`;
}

const BINARY_SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const;

/** Memory in whole bytes, written canonically: the largest binary suffix that divides it, `2Gi` for 2147483648. */
export function formatBytes(bytes: number): string {
  let amount = BigInt(bytes);
  let step = 0;
  while (amount !== 0n && amount % 1024n === 0n && step < BINARY_SUFFIXES.length - 1) {
    amount /= 1024n;
    step += 1;
  }
  return `${amount}${BINARY_SUFFIXES[step] ?? ''}`;
}

function decimalExponent(suffix: string): number {
  const known = DECIMAL[suffix];
  if (known !== undefined) return known;
  return Math.max(EXPONENT_FLOOR, Math.min(EXPONENT_CEILING, Number(suffix.slice(1))));
}

function scaleDecimal(digits: bigint, exponent: number): bigint {
  return exponent >= 0 ? digits * 10n ** BigInt(exponent) : divideUp(digits, 10n ** BigInt(-exponent));
}

function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}
