import { bucketOf } from './buckets.js';
import { type ByteReader, type ByteWriter, UsageRecordError } from './bytes.js';

/** Buckets that there is room for at first: a quarter of an hour of one sample a minute has no more than 15. */
const ROOM = 64;

/** Samples by bucket, as few as one pod has within a chunk of time; filled, written and cleared over and over. */
export class Tally {
  /** Ascending, each once, with their counts beside them. */
  #buckets = new Int32Array(ROOM);
  #counts = new Float64Array(ROOM);
  #size = 0;
  /** The highest sample, as a fine bucket. */
  #top = -Infinity;

  add(value: number): void {
    this.put(bucketOf(value), 1);
  }

  put(bucket: number, count: number): void {
    // Most samples are near the one before: the search from the end is short, as there are few buckets.
    let at = this.#size;
    while (at > 0 && (this.#buckets[at - 1] ?? 0) > bucket) at -= 1;
    if (at === 0 || this.#buckets[at - 1] !== bucket) this.#insert(at, bucket);
    else at -= 1;
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
  }

  /** @param fine see `fineBucketOf` */
  raiseTop(fine: number): void {
    this.#top = Math.max(this.#top, fine);
  }

  clear(): void {
    this.#size = 0;
    this.#top = -Infinity;
  }

  /**
   * Writes everything: how many buckets, the first bucket and its count, where the highest sample is within the last bucket,
   * and for each further bucket its distance and count, in half a byte each where they are below 16, as they mostly are.
   */
  write(to: ByteWriter): void {
    to.whole(this.#size);
    to.signed(this.#size === 0 ? 0 : (this.#buckets[0] ?? 0));
    to.whole(this.#size === 0 ? 0 : (this.#counts[0] ?? 0));
    const within = this.#top & 0xffff;
    to.byte(within >> 8);
    to.byte(within & 0xff);
    for (let index = 1; index < this.#size; index += 1) {
      const distance = (this.#buckets[index] ?? 0) - (this.#buckets[index - 1] ?? 0);
      const count = this.#counts[index] ?? 0;
      if (distance < 16 && count < 16) {
        to.byte((distance << 4) | count);
      } else {
        to.byte(0);
        to.whole(distance);
        to.whole(count);
      }
    }
  }

  #insert(at: number, bucket: number): void {
    if (this.#size === this.#buckets.length) this.#grow();
    // By hand: of a few numbers, calls that move them cost more than moving them.
    for (let index = this.#size; index > at; index -= 1) {
      this.#buckets[index] = this.#buckets[index - 1] ?? 0;
      this.#counts[index] = this.#counts[index - 1] ?? 0;
    }
    this.#buckets[at] = bucket;
    this.#counts[at] = 0;
    this.#size += 1;
  }

  #grow(): void {
    const [buckets, counts] = [this.#buckets, this.#counts];
    this.#buckets = new Int32Array(2 * buckets.length);
    this.#counts = new Float64Array(2 * counts.length);
    this.#buckets.set(buckets);
    this.#counts.set(counts);
  }
}

/** Whoever takes the samples of a chunk. */
interface BucketSink {
  put(bucket: number, count: number): void;
}

/**
 * Reads what a tally wrote.
 * @returns how many samples there are, and the highest as a fine bucket
 * @throws UsageRecordError for what no tally wrote
 */
export function readTally(from: ByteReader, sink?: BucketSink): { readonly samples: number; readonly top: number } {
  const buckets = from.whole();
  let bucket = from.signed();
  let samples = from.whole();
  const within = from.byte() * 256 + from.byte();
  if (buckets === 0 || samples === 0) throw new UsageRecordError('a chunk without samples');
  sink?.put(bucket, samples);
  for (let index = 1; index < buckets; index += 1) {
    const packed = from.byte();
    const distance = packed === 0 ? from.whole() : packed >> 4;
    const count = packed === 0 ? from.whole() : packed & 15;
    if (distance === 0 || count === 0) throw new UsageRecordError('a chunk with an empty bucket');
    bucket += distance;
    samples += count;
    sink?.put(bucket, count);
  }
  if (bucket < -32_768 || bucket > 32_767) throw new UsageRecordError('a chunk with a bucket that does not exist');
  return { samples, top: bucket * 65_536 + within };
}
