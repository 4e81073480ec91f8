/**
 * The percentile of samples by linear interpolation at p(n-1), as Prometheus' quantile_over_time and numpy compute it.
 * @param sorted ascending, at least one sample.
 * @param p from 0 to 1.
 */
export function percentile(sorted: readonly number[] | Float64Array, p: number): number {
  if (sorted.length === 0) throw new RangeError('a percentile needs at least one sample');
  const position = p * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] ?? Number.NaN;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] ?? low;
  return low + (high - low) * (position - below);
}
