/**
 * Buckets that grow by 2 %: the value in the middle of one is within 0.991 % of every value in it, which leaves the promised
 * 1 % some room for rounding. Bucket `i` holds what is above 1.02^(i-1), up to and with 1.02^i.
 */
const GROWTH = 1.02;
const LOG_GROWTH = Math.log(GROWTH);

/** The bucket of nothing at all: a logarithm has no zero. */
export const ZERO_BUCKET = -32_768;

// Where indices would no longer fit 16 bits: 10^-281 and 10^281, whether cores or bytes.
const FIRST_BUCKET = ZERO_BUCKET + 1;
const LAST_BUCKET = 32_767;

/** The bucket of a value that is finite and not negative. */
export function bucketOf(value: number): number {
  if (value === 0) return ZERO_BUCKET;
  return Math.max(FIRST_BUCKET, Math.min(LAST_BUCKET, Math.ceil(Math.log(value) / LOG_GROWTH)));
}

/** The value that stands for all of a bucket. */
export function bucketValue(bucket: number): number {
  return bucket === ZERO_BUCKET ? 0 : (2 * Math.exp(bucket * LOG_GROWTH)) / (1 + GROWTH);
}

/** Steps within a bucket. */
const FINE = 65_536;

/** A value to within 2 × 10^-7 of itself, as a whole number that grows with it. */
export function fineBucketOf(value: number): number {
  const bucket = bucketOf(value);
  if (bucket === ZERO_BUCKET) return bucket * FINE;
  const within = Math.log(value) / LOG_GROWTH - (bucket - 1);
  return bucket * FINE + Math.max(0, Math.min(FINE - 1, Math.round(within * (FINE - 1))));
}

export function fineBucketValue(fine: number): number {
  const bucket = Math.floor(fine / FINE);
  if (bucket === ZERO_BUCKET) return 0;
  return Math.exp((bucket - 1 + (fine - bucket * FINE) / (FINE - 1)) * LOG_GROWTH);
}
