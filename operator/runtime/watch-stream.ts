/**
 * Splits bytes at newlines. Splitting bytes and not text keeps a character whole whose bytes came in two chunks.
 * @throws Error when the bytes end within a line: the sender did not finish it
 */
export async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  // A long line may come in many chunks: they are joined once, at its end.
  let parts: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      const last = chunk.subarray(start, end);
      const line = parts.length === 0 ? last : Buffer.concat([...parts, last]);
      parts = [];
      start = end + 1;
      if (line.length > 0) yield line;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) throw new Error('the stream ended in the middle of an event');
}

const NEWLINE = 0x0a;
