/** Stored usage that cannot be read: of another version, or broken. */
export class UsageRecordError extends Error {
  override readonly name = 'UsageRecordError';
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Bytes that grow as they are written. */
export class ByteWriter {
  #bytes = new Uint8Array(256);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number from 0 to 2^53, in as many bytes as it needs: seven bits each, the lowest first. */
  whole(value: number): void {
    this.#reserve(8);
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** A whole number that may be negative. */
  signed(value: number): void {
    this.whole(value < 0 ? -2 * value - 1 : 2 * value);
  }

  double(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#length, value);
    this.#length += 8;
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Bytes with their length before them. */
  block(bytes: Uint8Array): void {
    this.whole(bytes.length);
    this.raw(bytes);
  }

  /** What another writer has written, likewise. */
  blockOf(other: ByteWriter): void {
    this.whole(other.#length);
    this.#reserve(other.#length);
    // By hand: of a few bytes, a view of them costs more than they do.
    for (let index = 0; index < other.#length; index += 1) this.#bytes[this.#length++] = other.#bytes[index] ?? 0;
  }

  text(text: string): void {
    this.block(encoder.encode(text));
  }

  /** A copy of what was written. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length + more));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

/** Reads what a writer wrote, within its bounds. Everything throws UsageRecordError where the bytes end too early. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #end: number;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#end = bytes.length;
  }

  /** Goes on from a place, up to another. */
  within(start: number, end: number): this {
    this.#at = start;
    this.#end = end;
    return this;
  }

  get position(): number {
    return this.#at;
  }

  get isDone(): boolean {
    return this.#at >= this.#end;
  }

  byte(): number {
    if (this.#at >= this.#end) throw new UsageRecordError('the bytes end too early');
    return this.#bytes[this.#at++] ?? 0;
  }

  whole(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 49; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (!Number.isSafeInteger(value)) break;
        return value;
      }
    }
    throw new UsageRecordError('a number is too large');
  }

  /** How many of something follow, each of at least a byte. */
  count(): number {
    const count = this.whole();
    if (count > this.#end - this.#at) throw new UsageRecordError(`${count} entries do not fit what is left`);
    return count;
  }

  signed(): number {
    const value = this.whole();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  double(): number {
    const { buffer, byteOffset } = this.#bytes;
    this.skip(8);
    return new DataView(buffer, byteOffset + this.#at - 8, 8).getFloat64(0);
  }

  block(): Uint8Array {
    const length = this.whole();
    this.skip(length);
    return this.#bytes.slice(this.#at - length, this.#at);
  }

  /** A copy of all that is left. */
  rest(): Uint8Array {
    const start = this.#at;
    this.#at = this.#end;
    return this.#bytes.slice(start, this.#end);
  }

  text(): string {
    try {
      return decoder.decode(this.block());
    } catch (error) {
      if (error instanceof TypeError) throw new UsageRecordError('a name is not UTF-8', { cause: error });
      throw error;
    }
  }

  skip(length: number): void {
    if (length > this.#end - this.#at) throw new UsageRecordError('the bytes end too early');
    this.#at += length;
  }
}
