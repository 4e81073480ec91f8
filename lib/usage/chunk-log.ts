import { fineBucketOf } from './buckets.js';
import { ByteReader, ByteWriter, UsageRecordError } from './bytes.js';
import { readTally, Tally } from './chunk.js';

/** The shortest chunk of time that samples are sealed into, in seconds. */
export const QUARTER = 900;

const HOUR = 3600;
const DAY = 86_400;

/** Chunks by what is in front of them in a log. A chunk ends with its last second, and begins just after the one before. */
const SPANS = [QUARTER, HOUR, DAY] as const;

/** How old what is sealed must be to be merged into longer chunks, in seconds: windows of a day are told to the quarter. */
const MERGED = [
  { into: HOUR, after: DAY },
  { into: DAY, after: 8 * DAY },
] as const;

/** What one pod used of one resource within a chunk of time. */
export interface Chunk {
  /** Seconds since 1970. */
  readonly end: number;
  /** In seconds. */
  readonly span: number;
  /** What a tally wrote. */
  readonly tally: Uint8Array;
}

/** The end of the chunk of this length that an instant is in. */
export function chunkEnd(at: number, span: number): number {
  return Math.ceil(at / span) * span;
}

/** Chunks in the order of time, one after the other in as few bytes as they need. */
export type ChunkLog = Uint8Array;

export const EMPTY_LOG: ChunkLog = new Uint8Array(0);

/** Calls for each chunk, with a reader that stands at its tally and ends with it, until the call returns. @throws UsageRecordError */
export function eachChunk(log: ChunkLog, visit: (end: number, span: number, tally: ByteReader) => void): void {
  // One for all: there are a hundred of them in a day of each series.
  const tally = new ByteReader(log);
  eachSpan(log, (end, span, start, stop) => visit(end, span, tally.within(start, stop)));
}

/** Calls for each chunk with where in the log its tally is: for whoever mostly does not read it. @throws UsageRecordError */
export function eachSpan(log: ChunkLog, visit: (end: number, span: number, start: number, stop: number) => void): void {
  const reader = new ByteReader(log);
  let end = 0;
  while (!reader.isDone) {
    const header = reader.whole();
    const span = spanOf(header);
    end += afterOf(header);
    const length = reader.whole();
    const start = reader.position;
    reader.skip(length);
    visit(end, span, start, start + length);
  }
}

/** Whether there is such a chunk. */
function hasChunk(log: ChunkLog, isSuch: (end: number, span: number) => boolean): boolean {
  let found = false;
  eachSpan(log, (end, span) => (found ||= isSuch(end, span)));
  return found;
}

export function chunksOf(log: ChunkLog): Chunk[] {
  const chunks: Chunk[] = [];
  eachChunk(log, (end, span, tally) => chunks.push({ end, span, tally: tally.rest() }));
  return chunks;
}

// Sealing goes through millions of samples after a start: these are used over and over.
const logWriter = new ByteWriter();
const tallyWriter = new ByteWriter();
const tally = new Tally();

/** @param chunks in the order of time */
export function logOf(chunks: readonly Chunk[]): ChunkLog {
  if (chunks.length === 0) return EMPTY_LOG;
  logWriter.clear();
  let before = 0;
  for (const { end, span, tally } of chunks) {
    logWriter.whole(headerOf(end - before, span));
    logWriter.block(tally);
    before = end;
  }
  return logWriter.take();
}

/** A quarter of an hour of a series: where its samples, one at least, are among all of the series. */
export interface Quarter {
  /** Its last second. */
  readonly end: number;
  /** The first of its samples, and the one after its last. */
  readonly from: number;
  readonly to: number;
}

/** A log with quarters of an hour sealed at its end. @param lastEnd the end of its last chunk, 0 where there is none */
export function sealed(log: ChunkLog, lastEnd: number, quarters: readonly Quarter[], values: Float64Array): ChunkLog {
  logWriter.clear();
  logWriter.raw(log);
  let before = lastEnd;
  for (const { end, from, to } of quarters) {
    tally.clear();
    let max = 0;
    for (let index = from; index < to; index += 1) {
      const value = values[index] ?? 0;
      tally.add(value);
      if (value > max) max = value;
    }
    tally.raiseTop(fineBucketOf(max));
    tallyWriter.clear();
    tally.write(tallyWriter);
    logWriter.whole(headerOf(end - before, QUARTER));
    logWriter.blockOf(tallyWriter);
    before = end;
  }
  return logWriter.take();
}

/** What is in front of a chunk: how long after the one before it ends, and how long it is, in seconds. */
function headerOf(after: number, span: number): number {
  return (after / QUARTER) * SPANS.length + (SPANS as readonly number[]).indexOf(span);
}

function afterOf(header: number): number {
  return Math.floor(header / SPANS.length) * QUARTER;
}

function spanOf(header: number): number {
  return SPANS[header % SPANS.length] ?? QUARTER;
}

/** When the time begins that a log tells of: after this second since 1970; never where there is nothing in it. */
function beginOf(log: ChunkLog): number {
  if (log.length === 0) return Infinity;
  const header = new ByteReader(log).whole();
  return afterOf(header) - spanOf(header);
}

/** The end of the last chunk, in seconds since 1970; 0 where there is none. */
export function lastEnd(log: ChunkLog): number {
  let last = 0;
  eachSpan(log, (end) => (last = end));
  return last;
}

/** Chunks old enough merged into longer ones, as of an instant. @returns the log itself where there is nothing to merge */
export function merged(log: ChunkLog, now: number): ChunkLog {
  const due = MERGED.map(({ into, after }) => ({ into, before: Math.floor(now / into) * into - after }));
  const isDue = (end: number, span: number) =>
    due.some(({ into, before }) => span < into && chunkEnd(end, into) <= before);
  if (!hasChunk(log, isDue)) return log;
  let chunks = chunksOf(log);
  for (const { into, before } of due) chunks = mergedInto(chunks, into, before);
  return logOf(chunks);
}

/** @param before chunks that end by then are merged */
function mergedInto(chunks: Chunk[], span: number, before: number): Chunk[] {
  const result: Chunk[] = [];
  for (let index = 0; index < chunks.length;) {
    const chunk = chunks[index];
    if (!chunk) break;
    const end = chunkEnd(chunk.end, span);
    let next = index + 1;
    while (chunks[next] && chunkEnd(chunks[next]?.end ?? 0, span) === end) next += 1;
    if (end > before || chunk.span >= span) result.push(...chunks.slice(index, next));
    else result.push({ end, span, tally: together(chunks.slice(index, next)) });
    index = next;
  }
  return result;
}

function together(chunks: readonly Chunk[]): Uint8Array {
  tally.clear();
  for (const chunk of chunks) tally.raiseTop(readTally(new ByteReader(chunk.tally), tally).top);
  return written();
}

function written(): Uint8Array {
  tallyWriter.clear();
  tally.write(tallyWriter);
  return tallyWriter.take();
}

/** Chunks of two logs in one. Where both tell of the same time, the first is right. */
export function united(first: ChunkLog, second: ChunkLog): ChunkLog {
  // Mostly one was read after the other, of a time before it.
  const [firstEnd, secondEnd] = [lastEnd(first), lastEnd(second)];
  if (secondEnd <= beginOf(first)) return joined(second, secondEnd, first);
  if (firstEnd <= beginOf(second)) return joined(first, firstEnd, second);
  const known = chunksOf(first);
  let next = 0;
  const isNew = ({ end, span }: Chunk) => {
    while ((known[next]?.end ?? Infinity) <= end - span) next += 1;
    const other = known[next];
    return !other || end <= other.end - other.span;
  };
  const more = chunksOf(second).filter(isNew);
  return more.length === 0 ? first : logOf([...known, ...more].sort((a, b) => a.end - b.end));
}

/** One log behind another, of which all is earlier. @param end of the last chunk of the earlier one */
function joined(earlier: ChunkLog, end: number, later: ChunkLog): ChunkLog {
  if (earlier.length === 0) return later;
  if (later.length === 0) return earlier;
  const reader = new ByteReader(later);
  const header = reader.whole();
  logWriter.clear();
  logWriter.raw(earlier);
  logWriter.whole(headerOf(afterOf(header) - end, spanOf(header)));
  logWriter.raw(later.subarray(reader.position));
  return logWriter.take();
}

/** The chunks that end after an instant, up to and with another. @returns the log itself where those are all */
export function between(log: ChunkLog, from: number, to: number): ChunkLog {
  const isWithin = (end: number) => end > from && end <= to;
  return hasChunk(log, (end) => !isWithin(end)) ? logOf(chunksOf(log).filter(({ end }) => isWithin(end))) : log;
}

/** @throws UsageRecordError where it is not what this version writes */
export function checkLog(log: ChunkLog): void {
  let last = 0;
  eachChunk(log, (end, span, reader) => {
    if (end % span !== 0 || end - span < last || end > Number.MAX_SAFE_INTEGER)
      throw new UsageRecordError('chunks out of order');
    readTally(reader);
    if (!reader.isDone) throw new UsageRecordError('a chunk with more in it than its samples');
    last = end;
  });
}
