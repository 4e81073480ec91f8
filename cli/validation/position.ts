import { isCollection, isScalar, type Node } from 'yaml';
import type { Place } from './place.js';

/** Where something is in a file, and the line it is on. */
export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  readonly text: string;
}

/** The offset at which a reader wants to look: the value, or what is around it where there is none. */
export function offsetOf({ key, value, missing }: Place, what: 'key' | 'value'): number {
  const node = key && (what === 'key' || missing !== '' || !isOnItsLine(value)) ? key : value;
  return node?.range?.[0] ?? 0;
}

/** Not so where the value begins on a line of its own, or is left empty. */
function isOnItsLine(value: Node | undefined): boolean {
  if (isCollection(value)) return value.flow === true;
  return !isScalar(value) || (value.source !== '' && value.source !== undefined);
}

/** Turns offsets of a text into positions; the text is read only when the first one is asked for. */
export function positionsIn(text: string): (offset: number) => Position {
  let starts: number[] | undefined;
  return (offset) => {
    starts ??= lineStarts(text);
    const line = lastAtMost(starts, offset);
    const start = starts[line] ?? 0;
    const end = starts[line + 1] ?? text.length + 1;
    return {
      line: line + 1,
      column: Array.from(text.slice(start, offset)).length + 1,
      text: text.slice(start, end - 1).replace(/\r$/, ''),
    };
  };
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The index of the last number that is not greater; the numbers ascend, and the first one is 0. */
function lastAtMost(numbers: readonly number[], limit: number): number {
  let low = 0;
  let high = numbers.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? Infinity) <= limit) low = middle;
    else high = middle;
  }
  return low;
}
