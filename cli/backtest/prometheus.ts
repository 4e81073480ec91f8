import { createEndpoint } from '../../operator/metrics/endpoint/endpoint.js';
import { queryRange } from '../../operator/metrics/prometheus/api.js';
import { ProviderError } from '../../operator/metrics/provider.js';
import type { ResourceName } from '../../lib/api/index.js';
import type { Progress } from '../progress.js';
import { Refused } from '../refused.js';
import type { TraceSource } from './folder.js';
import { ownerOf, type Owner, type RecordedOwners } from './owners.js';
import { traceOf } from './trace.js';

export interface RecordingOptions {
  /** Only these; empty means all. */
  readonly namespaces: readonly string[];
  readonly sinceMs: number;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly progress: (total: number) => Progress;
}

/** Seconds between two samples: rates over as long lose nothing, and a month is some 8,600 of them. */
const RESOLUTION = 300;
const DAY = 86_400;
/** What is scraped may take so long to arrive; seconds. */
const SETTLE = 60;
/** Days of a whole cluster are large answers. */
const TIMEOUT_MS = 60_000;

/** One series of an answer: its labels, and [seconds since 1970, value]. */
interface RangeSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [number, number])[];
}

/** The samples of one container in one pod, apart so that a month of a cluster fits into memory. */
interface Recording {
  readonly pod: string;
  readonly resource: ResourceName;
  readonly instants: number[];
  readonly values: number[];
}

/**
 * What Prometheus recorded of containers, by workload and container: `<namespace>/<kind>/<name>/<container>`. Two queries for
 * each day, whatever the number of workloads, and two for owners.
 * @throws Refused with what Prometheus answered, or where it has nothing
 */
export async function recordedTraces(url: string, options: RecordingOptions): Promise<readonly TraceSource[]> {
  const to = Math.floor((options.now / 1000 - SETTLE) / RESOLUTION) * RESOLUTION;
  const from = to - Math.floor(options.sinceMs / 1000);
  const endpoint = createEndpoint({ title: 'Prometheus', url, timeoutMs: TIMEOUT_MS });
  const query = async (text: string, start: number, end: number, step: number): Promise<readonly RangeSeries[]> => {
    const answer: { readonly metric: Readonly<Record<string, string>>; readonly values: [number, number][] }[] = [];
    const seriesOf = (metric: Readonly<Record<string, string>>) => {
      const values: [number, number][] = [];
      answer.push({ metric: { ...metric }, values });
      return (at: number, value: number) => void values.push([at, value]);
    };
    try {
      await queryRange(endpoint, { query: text, start, end, step }, seriesOf, new AbortController().signal);
      return answer;
    } catch (error) {
      throw error instanceof ProviderError ? new Refused(error.message) : error;
    }
  };

  const workloads = new Map<string, Map<string, Recording>>();
  const owners = await recordedOwners((text) => query(text, from, to + DAY, DAY), options.namespaces);
  const usage = usageQueries(options.namespaces);
  const days = Math.ceil((to - from) / DAY);
  const progressing = options.progress(days);
  for (let day = 0, start = from; start <= to; day += 1, start += DAY) {
    progressing.at(day, `days of ${new URL(url).host} are read`);
    const end = Math.min(to, start + DAY - RESOLUTION);
    for (const resource of ['cpu', 'memory'] as const) {
      const series = await query(usage[resource], start, end, RESOLUTION);
      for (const one of series) record(workloads, owners, resource, one);
    }
  }
  progressing.end();
  if (workloads.size === 0) throw new Refused(`${url}: there is no usage of any Deployment, StatefulSet or DaemonSet`);
  return [...workloads].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, recordings]) => sourceOf(name, recordings));
}

function sourceOf(name: string, recordings: ReadonlyMap<string, Recording>): TraceSource {
  const series = (): Parameters<typeof traceOf>[1] =>
    [...recordings.values()].map(({ pod, resource, instants, values }) => ({
      pod,
      resource,
      samples: instants.map((at, index) => [at, values[index] ?? Number.NaN] as const),
    }));
  return { name, read: () => Promise.resolve(traceOf(name, series())) };
}

function record(
  workloads: Map<string, Map<string, Recording>>,
  owners: RecordedOwners,
  resource: ResourceName,
  { metric: { namespace = '', pod = '', container = '' }, values }: RangeSeries,
): void {
  const owner = ownerOf(namespace, pod, owners);
  if (!owner) return;
  const name = `${namespace}/${owner.kind}/${owner.name}/${container}`;
  const recordings = workloads.get(name) ?? new Map<string, Recording>();
  workloads.set(name, recordings);
  const key = `${resource}/${pod}`;
  const recording = recordings.get(key) ?? { pod, resource, instants: [], values: [] };
  recordings.set(key, recording);
  for (const [at, value] of values) {
    recording.instants.push(at);
    recording.values.push(value);
  }
}

/** As the operator asks; of memory the highest of each span, for what was between two samples could have been a crossing. */
function usageQueries(namespaces: readonly string[]): Readonly<Record<ResourceName, string>> {
  // Pause containers and the pod's own cgroup have no name, or POD.
  const selector = `{${['container!=""', 'container!="POD"', ...inNamespaces(namespaces)].join(',')}}`;
  const span = `[${RESOLUTION}s]`;
  const once = 'max by (namespace, pod, container)';
  return {
    cpu: `${once} (rate(container_cpu_usage_seconds_total${selector}${span}))`,
    memory: `${once} (max_over_time(container_memory_working_set_bytes${selector}${span}))`,
  };
}

async function recordedOwners(
  query: (text: string) => Promise<readonly RangeSeries[]>,
  namespaces: readonly string[],
): Promise<RecordedOwners> {
  const read = async (of: 'pod' | 'replicaset'): Promise<Map<string, Owner>> => {
    const selector = `{${['owner_is_controller="true"', ...inNamespaces(namespaces)].join(',')}}`;
    // The highest of each day, or what lived for less would not be seen; the last such day has only begun.
    const last = `max_over_time(kube_${of}_owner${selector}[1d])`;
    const series = await query(`max by (namespace, ${of}, owner_kind, owner_name) (${last})`);
    return new Map(
      series.map(({ metric }) => [
        `${metric.namespace ?? ''}/${metric[of] ?? ''}`,
        { kind: metric.owner_kind ?? '', name: metric.owner_name ?? '' },
      ]),
    );
  };
  return { pods: await read('pod'), replicaSets: await read('replicaset') };
}

function inNamespaces(namespaces: readonly string[]): string[] {
  if (namespaces.length === 0) return [];
  return [`namespace=~"${namespaces.map((name) => name.replace(/[^a-zA-Z0-9-]/g, String.raw`\\$&`)).join('|')}"`];
}
