/** Where the buckets of an exponential histogram lie: the first has a size, and each one is so much larger than the one before. */
export interface Buckets {
  readonly firstBucketSize: number;
  /** 1.05: each bucket is 5 % larger. */
  readonly ratio: number;
  /** The last bucket begins here or above, and has no end. */
  readonly maxValue: number;
}

/** Weights that lose half of themselves in every half-life, by value. Like the VPA's, of which it is a reference. */
export interface DecayingHistogram {
  /** @param at seconds since 1970 */
  add(value: number, weight: number, at: number): void;
  /** Takes back what was added with the same arguments. */
  subtract(value: number, weight: number, at: number): void;
  /** The end of the bucket that the percentile falls into. @param p from 0 to 1. @returns undefined where nothing was added */
  percentile(p: number): number | undefined;
}

/** Exponents beyond this call for a new reference instant: 2¹⁰⁰ is far within a double. */
const MAX_DECAY_EXPONENT = 100;

/** @param halfLife in seconds */
export function decayingHistogram(buckets: Buckets, halfLife: number): DecayingHistogram {
  const weights = new Float64Array(bucketCount(buckets));
  let reference: number | undefined;

  const decayed = (weight: number, at: number): number => {
    reference ??= roundedTo(halfLife, at);
    if ((at - reference) / halfLife > MAX_DECAY_EXPONENT) {
      const later = roundedTo(halfLife, at);
      const factor = 2 ** ((reference - later) / halfLife);
      weights.forEach((old, bucket) => (weights[bucket] = old * factor));
      reference = later;
    }
    return weight * 2 ** ((at - reference) / halfLife);
  };

  return {
    add(value, weight, at) {
      const bucket = bucketOf(buckets, value);
      const added = decayed(weight, at);
      weights[bucket] = (weights[bucket] ?? 0) + added;
    },
    subtract(value, weight, at) {
      const bucket = bucketOf(buckets, value);
      const taken = decayed(weight, at);
      const left = (weights[bucket] ?? 0) - taken;
      // What floating point leaves of nothing would count as a bucket that holds something.
      weights[bucket] = left > taken * 1e-9 ? left : 0;
    },
    percentile(p) {
      const last = weights.findLastIndex((weight) => weight > 0);
      if (last < 0) return undefined;
      const threshold = p * weights.reduce((sum, weight) => sum + weight, 0);
      let sum = 0;
      let bucket = 0;
      for (; bucket < last; bucket += 1) {
        sum += weights[bucket] ?? 0;
        if (sum >= threshold) break;
      }
      return bucketStart(buckets, Math.min(bucket + 1, weights.length - 1));
    },
  };
}

/** How many buckets there are. */
export function bucketCount({ firstBucketSize, ratio, maxValue }: Buckets): number {
  return Math.ceil(log(ratio, (maxValue * (ratio - 1)) / firstBucketSize + 1)) + 1;
}

/** Where the bucket with this index, from 0, begins. */
export function bucketStart({ firstBucketSize, ratio }: Buckets, bucket: number): number {
  return (firstBucketSize * (ratio ** bucket - 1)) / (ratio - 1);
}

/** The index of the bucket that a value falls into; the last one has no end. */
export function bucketOf(buckets: Buckets, value: number): number {
  const { firstBucketSize, ratio } = buckets;
  if (value < firstBucketSize) return 0;
  const bucket = Math.floor(log(ratio, (value * (ratio - 1)) / firstBucketSize + 1));
  return Math.min(bucket, bucketCount(buckets) - 1);
}

function log(base: number, x: number): number {
  return Math.log(x) / Math.log(base);
}

function roundedTo(unit: number, x: number): number {
  return Math.round(x / unit) * unit;
}
