import type { UsageSink } from '../../operator/metrics/reading.js';

/** A sink that keeps what it got, by `metric namespace/pod/container`. */
export interface RecordingSink extends UsageSink {
  readonly series: ReadonlyMap<string, readonly (readonly [number, number])[]>;
  /** [at, bytes] by `namespace/pod/container`. */
  readonly peaks: ReadonlyMap<string, readonly (readonly [number, number])[]>;
  /** `Kind/name` by `namespace/pod`. */
  readonly owners: ReadonlyMap<string, string>;
}

export function recordingSink(): RecordingSink {
  const series = new Map<string, [number, number][]>();
  const peaks = new Map<string, [number, number][]>();
  const owners = new Map<string, string>();
  const listIn = (map: typeof series, key: string) => {
    const list = map.get(key) ?? [];
    map.set(key, list);
    return list;
  };
  return {
    series,
    peaks,
    owners,
    samples: ({ metric, namespace, pod, container }, { instants, values }) => {
      const list = listIn(series, `${metric} ${namespace}/${pod}/${container}`);
      list.push(...Array.from(instants, (at, index): [number, number] => [at, values[index] ?? Number.NaN]));
    },
    peak: ({ namespace, pod, container }, at, bytes) => {
      listIn(peaks, `${namespace}/${pod}/${container}`).push([at, bytes]);
    },
    owner: (namespace, pod, { kind, name }) => owners.set(`${namespace}/${pod}`, `${kind}/${name}`),
  };
}
