import { pool, type PodSeries } from 'optipod/lib/usage';
import { inTurns, type Ratio } from './measure.js';

/** A day of samples a minute of three pods. */
const SAMPLES = 1440;
const PODS = 3;

/** Pooling and ranking a container's usage, against sorting the same samples: less is not possible for an exact percentile. */
export async function recommendation(): Promise<Ratio> {
  const series: PodSeries[] = Array.from({ length: PODS }, (_, pod) => ({
    namespace: 'shop',
    pod: `web-${String(pod)}`,
    container: 'web',
    resource: 'cpu',
    // A full-period generator: spread like random numbers, and the same in every run.
    samples: Array.from({ length: SAMPLES }, (_, i): [number, number] => [
      i * 60,
      ((i * 7919 + pod * 104_729) % 9973) / 9973,
    ]),
  }));
  const values = series.flatMap(({ samples }) => samples.map(([, value]) => value));
  const { ours, peer } = await inTurns(
    100,
    () => pool(series)?.percentile(0.9),
    () => Float64Array.from(values).sort(),
  );
  const name = `pool and rank ${String(SAMPLES * PODS)} samples`;
  return { name, ours, peer: 'sorting them', ratio: ours / peer };
}
