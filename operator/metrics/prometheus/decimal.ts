const ZERO = 0x30;
const NINE = 0x39;
const MINUS = 0x2d;
const POINT = 0x2e;

/**
 * Integers up to 10¹⁵ are doubles, and so are the powers of ten up to 10²²: of so many digits one division is rounded once,
 * as it should be. strconv writes two digits more where it must, each of which is rounded by itself.
 */
const MOST_DIGITS = 17;
const POWERS_OF_TEN = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);

/** What strconv.FormatFloat writes, and its spellings of what is not finite. */
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/;
const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['NaN', Number.NaN],
  ['Inf', Infinity],
  ['+Inf', Infinity],
  ['-Inf', -Infinity],
]);

/**
 * The number that is written in these bytes, without a string in between but for rare spellings: an answer has millions, and
 * strings would be most of the work. Up to 15 digits it is what `Number` reads, beyond them within two units in the last place.
 * @throws SyntaxError for what is no number
 */
export function decimal(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === MINUS;
  let mantissa = 0;
  let digits = 0;
  let point = -1;
  for (let at = negative ? start + 1 : start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte >= ZERO && byte <= NINE) {
      mantissa = mantissa * 10 + (byte - ZERO);
      // Zeros in front are no digits.
      if (mantissa > 0) digits += 1;
    } else if (byte === POINT && point < 0) point = at;
    else return spelledOut(bytes, start, end);
  }
  const fraction = point < 0 ? 0 : end - point - 1;
  const isPlain = end - start > (negative ? 1 : 0) + (point < 0 ? 0 : 1);
  if (!isPlain || digits > MOST_DIGITS || fraction >= POWERS_OF_TEN.length) return spelledOut(bytes, start, end);
  const value = fraction === 0 ? mantissa : mantissa / (POWERS_OF_TEN[fraction] ?? Number.NaN);
  return negative ? -value : value;
}

function spelledOut(bytes: Uint8Array, start: number, end: number): number {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  const special = SPECIAL.get(text);
  if (special !== undefined) return special;
  if (!DECIMAL.test(text)) throw new SyntaxError(`${JSON.stringify(text.slice(0, 40))} is no number`);
  return Number(text);
}
