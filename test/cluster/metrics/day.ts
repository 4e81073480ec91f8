/** A day of what containers used, as Prometheus would have scraped it; OpenMetrics for `promtool`. */
export interface Day {
  /** Seconds since 1970 of its end, a whole minute. */
  readonly to: number;
  readonly text: string;
}

export const MIB = 2 ** 20;
export const DAY = 86_400;

type Labels = Readonly<Record<string, string>>;
type Point = readonly [at: number, value: number];

/** The instants of a day at an interval; those of a part of it where hours are given. */
function instants(to: number, everySeconds: number, hours: readonly [number, number] = [0, 24.1]): number[] {
  const from = to - 24.1 * 3600;
  const all: number[] = [];
  for (let at = from + hours[0] * 3600; at <= from + hours[1] * 3600; at += everySeconds) all.push(at);
  return all;
}

/** A counter that grows by so many units a second. @param resetAt where it begins at zero again */
function counter(at: readonly number[], perSecond: number, resetAt = Infinity): Point[] {
  return at.map((instant) => {
    const since = instant >= resetAt ? resetAt : (at[0] ?? 0);
    return [instant, (instant - since) * perSecond];
  });
}

/** Each family's series, one after the other. */
function family(
  name: string,
  type: 'counter' | 'gauge',
  series: readonly (readonly [Labels, readonly Point[]])[],
): string {
  const lines = series.flatMap(([labels, points]) => {
    const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    return points.map(([at, value]) => `${name}{${pairs.join(',')}} ${value} ${at}\n`);
  });
  return `# TYPE ${type === 'counter' ? name.replace(/_total$/, '') : name} ${type}\n${lines.join('')}`;
}

export function dayUntil(to: number): Day {
  const usual = instants(to, 15);
  const seldom = instants(to, 120);
  const gap = [...instants(to, 15, [0, 10]), ...instants(to, 15, [12, 24.1])];
  const of = (pod: string, more: Labels = {}): Labels => ({
    job: 'kubelet',
    namespace: 'shop',
    pod,
    container: 'app',
    ...more,
  });
  const gauge = (at: readonly number[], ...bytes: readonly number[]): Point[] =>
    at.map((instant, index) => [instant, (bytes[index % bytes.length] ?? 0) * MIB]);
  const owner = (kind: string, name: string): Labels => ({
    owner_kind: kind,
    owner_name: name,
    owner_is_controller: 'true',
  });
  const half = to - 12 * 3600;
  const ones = (hours: readonly [number, number]): Point[] => instants(to, 30, hours).map((at) => [at, 1]);
  return {
    to,
    text: [
      family('container_cpu_usage_seconds_total', 'counter', [
        [of('steady'), counter(usual, 0.2)],
        [of('reset'), counter(usual, 0.4, half)],
        [of('twice'), counter(usual, 0.1)],
        [of('twice', { job: 'other' }), counter(usual, 0.1, half)],
        [of('seldom'), counter(seldom, 0.3)],
        [of('gap'), counter(gap, 0.5)],
        [of('gone'), counter(instants(to, 15, [0, 6]), 0.6)],
        [of('steady', { container: '' }), counter(usual, 7)],
        [of('steady', { container: 'POD' }), counter(usual, 7)],
      ]),
      family('container_memory_working_set_bytes', 'gauge', [
        // One reading of four is high.
        [of('steady'), gauge(usual, 100, 100, 300, 100)],
        [of('reset'), gauge(usual, 100)],
        [of('twice'), gauge(usual, 100)],
        [of('twice', { job: 'other' }), gauge(usual, 101)],
        [of('seldom'), gauge(seldom, 100)],
        [of('gap'), gauge(gap, 100)],
        [of('gone'), gauge(instants(to, 15, [0, 6]), 100)],
        [of('steady', { container: '' }), gauge(usual, 7000)],
      ]),
      family('container_cpu_cfs_periods_total', 'counter', [[of('steady'), counter(usual, 10)]]),
      family('container_cpu_cfs_throttled_periods_total', 'counter', [[of('steady'), counter(usual, 2.5)]]),
      family('kube_pod_owner', 'gauge', [
        [{ namespace: 'shop', pod: 'steady', ...owner('StatefulSet', 'db') }, ones([0, 24.1])],
        [{ namespace: 'shop', pod: 'gone', ...owner('ReplicaSet', 'gone-7d4b9c6f5d') }, ones([0, 6])],
      ]),
      family('kube_replicaset_owner', 'gauge', [
        [{ namespace: 'shop', replicaset: 'gone-7d4b9c6f5d', ...owner('Deployment', 'gone') }, ones([0, 24.1])],
      ]),
      '# EOF\n',
    ].join(''),
  };
}
