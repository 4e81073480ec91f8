const INTEGER = /^([-+]?)(0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO]?[0-7]+)$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const STRAY_UNDERSCORE = /_(?![0-9])|(?<![0-9])_/;

/**
 * A number as kubectl reads it, which is neither as YAML 1.1 has it nor as YAML 1.2: `0777` and `0o777` are octal, `08` is eight,
 * `1_000` a thousand, `0b101` five, and `1:30` no number. @returns what is no number as it is: it is text.
 */
export function readNumber(text: string): number | string {
  // Where a point comes first, they must stand between digits; elsewhere they may stand anywhere.
  if (text.startsWith('.') && STRAY_UNDERSCORE.test(text)) return text;
  const plain = text.replaceAll('_', '');
  const [, sign = '', digits = ''] = INTEGER.exec(plain) ?? [];
  if (digits !== '') {
    const magnitude = BigInt(digits.replace(/^0(?=[0-7])/, '0o').toLowerCase());
    if (magnitude <= LARGEST[sign as keyof typeof LARGEST]) return Number(sign === '-' ? -magnitude : magnitude);
  }
  const value = FLOAT.test(plain) ? Number(plain) : Number.NaN;
  return Number.isFinite(value) ? value : text;
}

/** By sign: Go reads what has none as unsigned, too. */
const LARGEST = { '': 2n ** 64n - 1n, '+': 2n ** 63n - 1n, '-': 2n ** 63n };
