import type { Disruption } from './ledger.js';
import type { Version } from './witness.js';

const HOUR_MS = 3_600_000;

/** From a leave of the budgets to the request that it was for. */
const UNDER_WAY_MS = 2_000;

/** What may come at once, of an hour's disruptions. */
const BURST_SHARE = 1 / 6;

/**
 * The recommendations for which a workload was restarted more than once, restarts that were for none, and those in the middle of
 * somebody's rollout; empty where all is well.
 * @param versions in the order in which they were stored
 */
export function needlessRestarts(versions: readonly Version[], disruptions: readonly Disruption[]): string[] {
  const left = new Set(
    disruptions.flatMap(({ workload, restartedAt }) =>
      restartedAt === undefined ? [] : [`${workload} ${restartedAt}`],
    ),
  );
  const last = new Map<string, { readonly version: Version; readonly restarts: number }>();
  const found: string[] = [];
  for (const version of versions) {
    const before = last.get(version.uid);
    const isOurs =
      before?.version.restartedAt !== version.restartedAt &&
      left.delete(`${version.workload} ${version.restartedAt ?? ''}`);
    const isSameRecommendation = before?.version.said === version.said;
    const restarts = (isSameRecommendation ? (before?.restarts ?? 0) : 0) + (isOurs ? 1 : 0);
    last.set(version.uid, { version, restarts });
    if (!isOurs) continue;
    const { workload, said, restartedAt } = version;
    if (said === undefined) found.push(`${workload} was restarted at ${String(restartedAt)} for nothing`);
    const obstacle = before?.version.obstacle;
    if (obstacle !== undefined) found.push(`${workload} was restarted at ${String(restartedAt)} under ${obstacle}`);
    if (restarts > 1) found.push(`${workload} was restarted ${String(restarts)} times for ${String(said)}`);
  }
  return [...found, ...[...left].map((restart) => `nobody saw the restart ${restart}`)];
}

/**
 * Where more was spent than an hour has, than may come at once with what a span brings, or than the time since the beginning
 * brought; undefined where all is well.
 * @param times milliseconds since 1970
 * @param begun when budgets began, empty
 */
export function overdrawn(times: readonly number[], perHour: number, begun: number): string | undefined {
  const sorted = [...times].sort((a, b) => a - b);
  const brought = (ms: number) => ((ms + UNDER_WAY_MS) * perHour) / HOUR_MS;
  for (const [index, from] of sorted.entries()) {
    if (index + 1 > brought(from - begun))
      return `${String(index + 1)} within ${String(from - begun)} ms of the beginning`;
    for (const [later, to] of sorted.slice(index).entries()) {
      const most = to - from < HOUR_MS ? perHour : Infinity;
      if (later + 1 > Math.min(most, Math.max(1, perHour * BURST_SHARE) + brought(to - from))) {
        return `${String(later + 1)} within ${String(to - from)} ms`;
      }
    }
  }
  return undefined;
}
