/** What a JSON text consists of, in its order. The bytes of strings and numbers are good until the call returns. */
export interface JsonHandler {
  open(container: 'object' | 'array'): void;
  /**
   * May read an array, and those that follow it with nothing but a comma in between, by itself.
   * @returns where the last one that it read ends; `start` itself where it leaves this one to be told in tokens
   */
  arrays(bytes: Buffer, start: number): number;
  close(): void;
  key(name: string): void;
  /** @param isPlain whether there is no escape among the bytes, which are those between the quotes */
  string(bytes: Buffer, start: number, end: number, isPlain: boolean): void;
  number(bytes: Buffer, start: number, end: number): void;
  literal(value: boolean | null): void;
}

/** A JSON text that comes in pieces, cut anywhere. Both throw SyntaxError. */
export interface JsonTokens {
  write(chunk: Buffer): void;
  /** Throws where the text has not come to its end. */
  end(): void;
}

/** What may come next. */
const VALUE = 0;
const VALUE_OR_CLOSE = 1;
const KEY_OR_CLOSE = 2;
const KEY = 3;
const COLON = 4;
const COMMA_OR_CLOSE = 5;
const NOTHING = 6;

const OBJECT = 1;
const ARRAY = 2;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LITERALS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ['true', true],
  ['false', false],
  ['null', null],
]);

/** Prometheus' longest strings are labels and messages. */
const LONGEST_TOKEN = 1 << 20;

/** Nearly every token that is cut ends within so many bytes: no reason to copy all of the next piece. */
const JOINT = 256;

/**
 * Reads a JSON text of any length without holding more of it than one token that is cut by the border of two pieces.
 */
export function jsonTokens(handler: JsonHandler): JsonTokens {
  const containers: number[] = [];
  let state = VALUE;
  let rest: Buffer | undefined;

  /** @returns where to go on; the position itself where the token is not whole yet. */
  function token(bytes: Buffer, at: number, byte: number): number {
    switch (byte) {
      case QUOTE:
        return string(bytes, at);
      case 0x7b: // {
        return open(bytes, at, OBJECT);
      case 0x5b: // [
        return open(bytes, at, ARRAY);
      case 0x7d: // }
        return close(at, OBJECT);
      case 0x5d: // ]
        return close(at, ARRAY);
      case 0x2c: // ,
        expect(state === COMMA_OR_CLOSE, ',');
        state = containers.at(-1) === OBJECT ? KEY : VALUE;
        return at + 1;
      case 0x3a: // :
        expect(state === COLON, ':');
        state = VALUE;
        return at + 1;
      default:
        return word(bytes, at);
    }
  }

  function open(bytes: Buffer, at: number, container: number): number {
    expect(state <= VALUE_OR_CLOSE, container === OBJECT ? '{' : '[');
    const read = container === ARRAY ? handler.arrays(bytes, at) : at;
    if (read > at) {
      afterValue();
      return read;
    }
    containers.push(container);
    state = container === OBJECT ? KEY_OR_CLOSE : VALUE_OR_CLOSE;
    handler.open(container === OBJECT ? 'object' : 'array');
    return at + 1;
  }

  function close(at: number, container: number): number {
    const isEmpty = state === (container === OBJECT ? KEY_OR_CLOSE : VALUE_OR_CLOSE);
    const fits = containers.at(-1) === container && (isEmpty || state === COMMA_OR_CLOSE);
    expect(fits, container === OBJECT ? '}' : ']');
    containers.pop();
    handler.close();
    afterValue();
    return at + 1;
  }

  function string(bytes: Buffer, at: number): number {
    let isPlain = true;
    let end = at + 1;
    for (; bytes[end] !== QUOTE; end += 1) {
      const byte = bytes[end];
      if (byte === undefined) return at;
      if (byte === BACKSLASH) {
        isPlain = false;
        end += 1;
      } else expect(byte >= 0x20, 'a line break within a string');
    }
    if (state === KEY || state === KEY_OR_CLOSE) {
      handler.key(textOf(bytes, at + 1, end, isPlain));
      state = COLON;
      return end + 1;
    }
    expect(state <= VALUE_OR_CLOSE, 'a string');
    handler.string(bytes, at + 1, end, isPlain);
    afterValue();
    return end + 1;
  }

  /** A number or a literal: it ends where something else begins. */
  function word(bytes: Buffer, at: number): number {
    let end = at;
    while (isWord(bytes[end])) end += 1;
    if (end === bytes.length) return at;
    const first = bytes[at] ?? 0;
    const isNumber = first === 0x2d || (first >= 0x30 && first <= 0x39);
    const said = isNumber ? 'a number' : bytes.toString('latin1', at, Math.min(Math.max(end, at + 1), at + 40));
    const literal = isNumber ? undefined : LITERALS.get(said);
    expect(state <= VALUE_OR_CLOSE && (isNumber || literal !== undefined), said);
    if (literal === undefined) handler.number(bytes, at, end);
    else handler.literal(literal);
    afterValue();
    return end;
  }

  function afterValue(): void {
    state = containers.length === 0 ? NOTHING : COMMA_OR_CLOSE;
  }

  /** Reads the token that the border of two pieces cuts. @returns where to go on, and in which bytes */
  function joined(cut: Buffer, chunk: Buffer): { bytes: Buffer; at: number } {
    const joint = Buffer.concat([cut, chunk.subarray(0, JOINT)]);
    const end = token(joint, 0, joint[0] ?? 0);
    return end === 0 ? { bytes: Buffer.concat([cut, chunk]), at: 0 } : { bytes: chunk, at: end - cut.length };
  }

  return {
    write(chunk) {
      const begin = rest ? joined(rest, chunk) : { bytes: chunk, at: 0 };
      const { bytes } = begin;
      let { at } = begin;
      rest = undefined;
      while (at < bytes.length) {
        const byte = bytes[at] ?? 0;
        if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
          at += 1;
          continue;
        }
        const next = token(bytes, at, byte);
        if (next === at) {
          expect(bytes.length - at <= LONGEST_TOKEN, 'a string of more than a mebibyte');
          // A copy: otherwise a few bytes would keep the whole piece.
          rest = Buffer.from(bytes.subarray(at));
          return;
        }
        at = next;
      }
    },
    end() {
      if (state !== NOTHING || rest) throw new SyntaxError('the JSON is cut short');
    },
  };
}

/** The text of a string's bytes. @throws SyntaxError for escapes that JSON does not have */
export function textOf(bytes: Buffer, start: number, end: number, isPlain: boolean): string {
  const text = bytes.toString('utf8', start, end);
  return isPlain ? text : (JSON.parse(`"${text}"`) as string);
}

function isWord(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a) || WORD.has(byte);
}

const WORD = new Set(Buffer.from('+-.E'));

function expect(holds: boolean, found: string): void {
  if (!holds) throw new SyntaxError(`the JSON is broken at ${found}`);
}
