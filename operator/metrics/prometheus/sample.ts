import type { SampleRun } from '../sample-run.js';
import { PlainDecimal } from './decimal.js';

const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;
const QUOTE = 0x22;

const instant = new PlainDecimal();
const value = new PlainDecimal();

/**
 * Reads samples that follow each other, `[1790000000,"0.25"],[1790000060,"0.5"]`, at one go: token by token they take three times
 * as long.
 * @returns where the last one ends that is whole and spelled as Prometheus mostly does; `start` itself where there is none
 */
export function readSamplesInARow(bytes: Buffer, start: number, into: SampleRun): number {
  let read = start;
  let next = start;
  while (bytes[next] === OPEN) {
    const comma = instant.read(bytes, next + 1);
    if (comma === next + 1 || bytes[comma] !== COMMA || bytes[comma + 1] !== QUOTE) break;
    const end = value.read(bytes, comma + 2);
    if (end === comma + 2 || bytes[end] !== QUOTE || bytes[end + 1] !== CLOSE) break;
    into.push(instant.value, value.value);
    read = end + 2;
    if (bytes[read] !== COMMA) break;
    next = read + 1;
  }
  return read;
}
