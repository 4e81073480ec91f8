const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const POINT = 0x2e;

/**
 * Integers up to 10¹⁵ are doubles, and so are the powers of ten up to 10²²: of so many digits one division is rounded once,
 * as it should be. strconv writes two digits more where it must, each of which is rounded by itself: no number of 18.
 */
const FIRST_TOO_LONG = 1e17;
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/** What strconv.FormatFloat writes, and its spellings of what is not finite. */
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Inf', Infinity],
  ['+Inf', Infinity],
  ['-Inf', -Infinity],
]);

/** Reads numbers that are written in plain digits. One is used over and over: an answer has millions of them. */
export class PlainDecimal {
  /** What was read last. */
  value = 0;

  /** @returns where the number that begins here ends; `start` itself where there is none, or one for `decimal` */
  read(bytes: Uint8Array, start: number): number {
    const first = bytes[start] === MINUS ? start + 1 : start;
    let at = first;
    let mantissa = 0;
    let byte = bytes[at] ?? 0;
    // Once for either side of the point: to look for it at each digit costs a fifth more.
    for (; byte >= ZERO && byte <= NINE; byte = bytes[(at += 1)] ?? 0) mantissa = mantissa * 10 + (byte - ZERO);
    let digits = at - first;
    let fraction = 0;
    if (byte === POINT) {
      const point = at;
      byte = bytes[(at += 1)] ?? 0;
      for (; byte >= ZERO && byte <= NINE; byte = bytes[(at += 1)] ?? 0) mantissa = mantissa * 10 + (byte - ZERO);
      fraction = at - point - 1;
      digits += fraction;
    }
    if (digits === 0 || mantissa >= FIRST_TOO_LONG || fraction >= POWERS_OF_TEN.length) return start;
    const value = fraction === 0 ? mantissa : mantissa / (POWERS_OF_TEN[fraction] ?? Number.NaN);
    this.value = first > start ? -value : value;
    return at;
  }
}

const plain = new PlainDecimal();

/**
 * The number that is written in these bytes, without a string in between but for rare spellings, since strings would be most of
 * the work. Up to 15 digits it is what `Number` reads, beyond them within two units in the last place.
 * @throws SyntaxError for what is no number
 */
export function decimal(bytes: Uint8Array, start: number, end: number): number {
  return start < end && plain.read(bytes, start) === end ? plain.value : spelledOut(bytes, start, end);
}

function spelledOut(bytes: Uint8Array, start: number, end: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  const special = SPECIAL.get(text);
  if (special !== undefined) return special;
  if (!DECIMAL.test(text)) throw new SyntaxError(`${JSON.stringify(text.slice(0, 40))} is no number`);
  return Number(text);
}
