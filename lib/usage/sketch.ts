import { bucketOf, bucketValue, ZERO_BUCKET } from './buckets.js';

/** Up to this many samples are kept as they are: a day of one a minute is 1,440. */
const EXACT_SAMPLES = 2048;

/** What a percentile is looked up in: values ascending, and how many samples there are up to and with each. */
interface Ranking {
  readonly values: Float64Array;
  readonly upTo: Float64Array;
}

/**
 * A sketch of samples that gives their percentiles: exactly while they are few, within 1 % afterwards. What it says depends on
 * the samples alone, never on the order in which they, or the sketches that were merged into it, came.
 */
export class Sketch {
  #count = 0;
  #max = 0;
  /** The samples themselves, in any order; empty as soon as there are too many of them. */
  #exact: number[] = [];
  #zeros = 0;
  /** How many samples there are in each bucket, from `#first` on. */
  #counts = new Uint32Array(0);
  #first = 0;
  #ranking: Ranking | undefined;

  /** How many samples there are. */
  get count(): number {
    return this.#count;
  }

  /** The highest sample; 0 where there is none. */
  get max(): number {
    return this.#max;
  }

  /** @param value finite and not negative */
  add(value: number): void {
    this.#grow(1);
    if (value > this.#max) this.#max = value;
    if (this.#count <= EXACT_SAMPLES) this.#exact.push(value);
    else this.#put(bucketOf(value), 1);
  }

  /** Adds samples of which only the bucket is known; the highest is told apart. */
  addBucket(bucket: number, count: number): void {
    this.#grow(count);
    this.#put(bucket, count);
  }

  raiseMax(value: number): void {
    if (value > this.#max) this.#max = value;
  }

  merge(other: Sketch): void {
    this.raiseMax(other.#max);
    // The other's samples are counted at once: whether they stay exact depends on how many there are in all.
    this.#grow(other.#count);
    if (this.#count <= EXACT_SAMPLES) this.#exact.push(...other.#exact);
    else for (const value of other.#exact) this.#put(bucketOf(value), 1);
    this.#zeros += other.#zeros;
    other.#counts.forEach((count, index) => {
      if (count > 0) this.#put(other.#first + index, count);
    });
  }

  /**
   * By linear interpolation between the samples next to p(n-1): both are within 1 %, and so is what lies between them.
   * @param p from 0 to 1
   * @throws RangeError where there is no sample
   */
  percentile(p: number): number {
    if (this.#count === 0) throw new RangeError('a percentile needs at least one sample');
    const ranking = (this.#ranking ??= this.#rank());
    const position = p * (this.#count - 1);
    const below = Math.floor(position);
    const low = this.#at(ranking, below);
    const high = this.#at(ranking, Math.min(below + 1, this.#count - 1));
    return low + (high - low) * (position - below);
  }

  /** The mean of the samples, within 1 %. @returns NaN where there is none */
  mean(): number {
    const { values, upTo } = (this.#ranking ??= this.#rank());
    let sum = 0;
    values.forEach((value, index) => (sum += value * ((upTo[index] ?? 0) - (upTo[index - 1] ?? 0))));
    return sum / this.#count;
  }

  /** Counts further samples, before they are put anywhere. */
  #grow(count: number): void {
    this.#ranking = undefined;
    this.#count += count;
    if (this.#count <= EXACT_SAMPLES || this.#exact.length === 0) return;
    for (const value of this.#exact) this.#put(bucketOf(value), 1);
    this.#exact = [];
  }

  #put(bucket: number, count: number): void {
    if (bucket === ZERO_BUCKET) {
      this.#zeros += count;
      return;
    }
    const index = this.#room(bucket);
    this.#counts[index] = (this.#counts[index] ?? 0) + count;
  }

  /** Makes room for a bucket; @returns its place */
  #room(bucket: number): number {
    const length = this.#counts.length;
    if (length > 0 && bucket >= this.#first && bucket < this.#first + length) return bucket - this.#first;
    // A third more than needed on the side that grew, so that growing stays rare.
    const spare = 16 + (length >> 2);
    const first =
      length === 0 ? bucket - spare : Math.min(this.#first, bucket < this.#first ? bucket - spare : Infinity);
    const end =
      length === 0 ? bucket + spare : Math.max(this.#first + length, bucket >= this.#first ? bucket + spare : 0);
    const counts = new Uint32Array(end - first);
    counts.set(this.#counts, length === 0 ? 0 : this.#first - first);
    this.#counts = counts;
    this.#first = first;
    return bucket - first;
  }

  /** Buckets and exact samples in one ascending order. */
  #rank(): Ranking {
    const exact = Float64Array.from(this.#exact).sort();
    const most = exact.length + this.#counts.length + 1;
    const [values, upTo] = [new Float64Array(most), new Float64Array(most)];
    let size = 0;
    let samples = 0;
    let taken = 0;
    const put = (value: number, count: number) => {
      values[size] = value;
      upTo[size] = samples += count;
      size += 1;
    };
    const takeExact = (highest: number) => {
      for (let value = exact[taken]; value !== undefined && value <= highest; value = exact[taken]) {
        put(value, 1);
        taken += 1;
      }
    };
    if (this.#zeros > 0) put(0, this.#zeros);
    this.#counts.forEach((count, index) => {
      if (count === 0) return;
      const value = bucketValue(this.#first + index);
      takeExact(value);
      put(value, count);
    });
    takeExact(Infinity);
    return { values: values.subarray(0, size), upTo: upTo.subarray(0, size) };
  }

  /** The sample of a rank, from 0. */
  #at({ values, upTo }: Ranking, rank: number): number {
    let low = 0;
    let high = upTo.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((upTo[middle] ?? 0) > rank) high = middle;
      else low = middle + 1;
    }
    // The middle of the last bucket may be above everything in it.
    return Math.min(values[low] ?? Number.NaN, this.#max);
  }
}
