import { fineBucketValue } from './buckets.js';
import { readTally } from './chunk.js';
import {
  between,
  chunkEnd,
  type ChunkLog,
  eachChunk,
  eachSpan,
  EMPTY_LOG,
  lastEnd,
  merged,
  type Quarter,
  QUARTER,
  sealed,
  united,
} from './chunk-log.js';
import type { Sketch } from './sketch.js';

/** How long samples stay as they are, in seconds: windows up to this long are exact. */
const RAW = 7200;

/** When a look back at days brings more than this at once, what is settled of it is sealed although more may come. */
const MOST_RAW = 512;

const NOTHING = { end: 0, isSealed: false };

/** Samples that there is room for beyond those that are there: another quarter of an hour of one a minute; and more is given back. */
const SPARE = 16;
const MOST_SPARE = 32;

/** Where samples are: ascending, each instant once, with their values beside them. */
interface Room {
  readonly instants: Uint32Array;
  readonly values: Float64Array;
}

const NO_ROOM = roomFor(0);

/** Where many samples are while they are added, for all series in turn. */
const WORKBENCH = roomFor(MOST_RAW + 1);

function roomFor(size: number): Room {
  // One buffer for both: small buffers cost more than what is in them.
  const buffer = new ArrayBuffer(size * 12);
  return { values: new Float64Array(buffer, 0, size), instants: new Uint32Array(buffer, size * 8, size) };
}

/** Samples of one series in the order they came: seconds since 1970, and cores, bytes or a share. */
export interface SampleList {
  readonly instants: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/** Everything after `from` up to and with `to`, in seconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Takes what a series has to say of a span. */
export interface UsageCollection {
  readonly sketch: Sketch;
  instant(at: number): void;
  /** A chunk of time, of which only the number of instants is known. */
  chunk(end: number, span: number, instants: number): void;
}

/** When everything that ends by it is sealed, as of an instant. */
export function sealedBy(at: number): number {
  return Math.floor(at / QUARTER) * QUARTER - RAW;
}

/**
 * What one pod used of one resource: the samples of the last two hours as they are, older ones in chunks. What it says depends on
 * the samples and the instants that it was told of, never on when it was asked.
 */
export class Series {
  #room = NO_ROOM;
  #size = 0;
  #log: ChunkLog = EMPTY_LOG;
  /** The end of the last chunk. */
  #sealedTo = 0;
  /** Whether a quarter of an hour is sealed, as it was last looked up: what comes late comes in a row. */
  #lookedUp = NOTHING;

  /** Whether nothing is remembered any more. */
  get isEmpty(): boolean {
    return this.#size === 0 && this.#log.length === 0;
  }

  /**
   * Of two values of one instant the higher counts. What comes for a time that is sealed is too late.
   * @param at in whole seconds since 1970
   * @param value finite and not negative
   */
  add(at: number, value: number): void {
    const last = this.#size === 0 ? -1 : (this.#room.instants[this.#size - 1] ?? 0);
    const place = at > last ? this.#size : this.#placeOf(at);
    if (place < this.#size && this.#room.instants[place] === at) {
      if (value > (this.#room.values[place] ?? 0)) this.#room.values[place] = value;
      return;
    }
    if (at <= this.#sealedTo && this.#isSealed(at)) return;
    this.#insert(place, at, value);
    if (this.#size > MOST_RAW) this.#seal(sealedBy(at));
  }

  /** Seals every quarter of an hour that ended by an instant, and gives back what nothing takes up any more. */
  seal(by: number): void {
    this.#seal(by);
    this.#fit();
  }

  /**
   * Adds many, as `add` does, for whoever knows that they come in the order of time: what the last one shows to be settled is
   * sealed before room is made for the rest. A look back brings hundreds to each of thousands of series.
   */
  addAll({ instants, values }: SampleList): void {
    const own = this.#room;
    if (this.#size <= WORKBENCH.instants.length) this.#moveTo(WORKBENCH);
    try {
      for (let index = 0; index < instants.length; index += 1) this.add(instants[index] ?? 0, values[index] ?? 0);
      if (this.#size > 0) this.#seal(sealedBy(this.#room.instants[this.#size - 1] ?? 0));
    } finally {
      // The workbench is somebody else's next.
      this.#moveTo(own.instants.length < this.#size ? roomFor(this.#size + SPARE) : own);
      this.#fit();
    }
  }

  /** Merges chunks that are old enough, and forgets what ended by an instant. */
  tidy(now: number, forgotten: number): void {
    let done = 0;
    while (done < this.#size && (this.#room.instants[done] ?? 0) <= forgotten) done += 1;
    if (done > 0) this.#drop(done);
    this.#fit();
    this.#setLog(merged(between(this.#log, forgotten, Infinity), now));
  }

  /** Tells what there is within a span. A chunk counts where it ends within it. */
  collect({ from, to }: Span, into: UsageCollection): void {
    const sink = { put: (bucket: number, count: number) => into.sketch.addBucket(bucket, count) };
    eachChunk(this.#log, (end, span, tally) => {
      if (end <= from || end > to) return;
      const { samples, top } = readTally(tally, sink);
      into.sketch.raiseMax(fineBucketValue(top));
      into.chunk(end, span, samples);
    });
    for (let index = this.#placeOf(from + 1); index < this.#size; index += 1) {
      const at = this.#room.instants[index] ?? 0;
      if (at > to) break;
      into.sketch.add(this.#room.values[index] ?? 0);
      into.instant(at);
    }
  }

  /** The chunks that end within a span. */
  chunks({ from, to }: Span): ChunkLog {
    return between(this.#log, from, to);
  }

  /** Takes chunks that were sealed before: of a time that is sealed here it knows better itself. */
  adopt(log: ChunkLog): void {
    this.#setLog(united(this.#log, log));
    // A chunk has all the samples of its time.
    for (let index = this.#size - 1; index >= 0; index -= 1) {
      const at = this.#room.instants[index] ?? 0;
      if (at <= this.#sealedTo && this.#isSealed(at)) this.#remove(index);
    }
  }

  /** Takes everything another series of the same pod has. */
  absorb(other: Series): void {
    this.adopt(other.#log);
    const { instants, values } = other.#room;
    for (let index = 0; index < other.#size; index += 1) this.add(instants[index] ?? 0, values[index] ?? 0);
  }

  /** Where an instant is, or where it would be put. */
  #placeOf(at: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#room.instants[middle] ?? 0) < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isSealed(at: number): boolean {
    const quarter = chunkEnd(at, QUARTER);
    if (this.#lookedUp.end !== quarter) {
      let isSealed = false;
      eachSpan(this.#log, (end, span) => {
        if (at > end - span && at <= end) isSealed = true;
      });
      this.#lookedUp = { end: quarter, isSealed };
    }
    return this.#lookedUp.isSealed;
  }

  #insert(place: number, at: number, value: number): void {
    const { length } = this.#room.instants;
    if (this.#size === length) this.#moveTo(roomFor(length + Math.max(SPARE, length >> 1)));
    if (place < this.#size) {
      this.#room.instants.copyWithin(place + 1, place, this.#size);
      this.#room.values.copyWithin(place + 1, place, this.#size);
    }
    this.#room.instants[place] = at;
    this.#room.values[place] = value;
    this.#size += 1;
  }

  #remove(index: number): void {
    this.#room.instants.copyWithin(index, index + 1, this.#size);
    this.#room.values.copyWithin(index, index + 1, this.#size);
    this.#size -= 1;
  }

  #seal(by: number): void {
    const quarters: Quarter[] = [];
    let done = 0;
    while (done < this.#size) {
      const end = chunkEnd(this.#room.instants[done] ?? 0, QUARTER);
      if (end > by) break;
      const next = this.#placeOf(end + 1);
      quarters.push({ end, from: done, to: next });
      done = next;
    }
    const [first, last] = [quarters[0], quarters.at(-1)];
    if (!first || !last) return;
    const isNext = first.end > this.#sealedTo;
    if (isNext) this.#setLog(sealed(this.#log, this.#sealedTo, quarters, this.#room.values), last.end);
    else this.#setLog(united(this.#log, sealed(EMPTY_LOG, 0, quarters, this.#room.values)));
    this.#drop(done);
  }

  /** Drops the oldest samples. */
  #drop(count: number): void {
    this.#room.instants.copyWithin(0, count, this.#size);
    this.#room.values.copyWithin(0, count, this.#size);
    this.#size -= count;
  }

  #fit(): void {
    if (this.#room.instants.length > this.#size + MOST_SPARE) this.#moveTo(roomFor(this.#size + SPARE));
  }

  #moveTo(room: Room): void {
    room.instants.set(this.#room.instants.subarray(0, this.#size));
    room.values.set(this.#room.values.subarray(0, this.#size));
    this.#room = room;
  }

  /** @param end of its last chunk, where that is known */
  #setLog(log: ChunkLog, end?: number): void {
    if (log === this.#log) return;
    this.#log = log;
    this.#lookedUp = NOTHING;
    this.#sealedTo = end ?? lastEnd(log);
  }
}
