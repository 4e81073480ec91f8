import type { Endpoint } from '../../operator/metrics/endpoint/endpoint.js';
import { queryRange } from '../../operator/metrics/prometheus/api.js';
import type { Labels, TakeSeries } from '../../operator/metrics/prometheus/matrix.js';
import { ownerTable, type Owner } from '../../operator/metrics/prometheus/owners.js';
import { containerOf } from '../../operator/metrics/prometheus/prometheus.js';
import { queriesOf, type Names } from '../../operator/metrics/prometheus/queries.js';
import { ProviderError } from '../../operator/metrics/provider.js';
import type { ContainerRef } from '../../operator/metrics/reading.js';
import { RESOURCE_NAMES, type ResourceName } from '../../lib/api/index.js';
import type { Progress } from '../progress.js';
import { Refused } from '../refused.js';
import type { TraceSource } from './folder.js';
import { ownerOf, type RecordedOwners } from './owners.js';
import { traceOf } from './trace.js';

export interface RecordingOptions {
  readonly endpoint: Endpoint;
  /** What its series and labels are called. */
  readonly names: Names;
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

/** One series of an answer: its labels, and [seconds since 1970, value]. */
interface RangeSeries {
  readonly labels: Labels;
  readonly values: readonly (readonly [number, number])[];
}

type Ask = (query: string, start: number, end: number, step: number) => Promise<readonly RangeSeries[]>;

/** The samples of one container in one pod, apart so that a month of a cluster fits into memory. */
interface Recording {
  readonly pod: string;
  readonly resource: ResourceName;
  readonly instants: number[];
  readonly values: number[];
}

/**
 * What Prometheus recorded of containers, by workload and container: `<namespace>/<kind>/<name>/<container>`. Asked as the
 * operator asks: two queries for each day, whatever the number of workloads, and one for owners. Memory is the highest of each
 * span, for what was between two samples could have been a crossing.
 * @throws Refused with what Prometheus answered, or where it has nothing
 */
export async function recordedTraces(options: RecordingOptions): Promise<readonly TraceSource[]> {
  const { endpoint, names, namespaces } = options;
  const to = Math.floor((options.now / 1000 - SETTLE) / RESOLUTION) * RESOLUTION;
  const from = to - Math.floor(options.sinceMs / 1000);
  const ask = asking(endpoint);
  const queries = queriesOf(names, namespaces.length > 0 ? namespaces : undefined);
  const usage = { cpu: queries.cpu(RESOLUTION), memory: queries.memory(RESOLUTION) };

  const workloads = new Map<string, Map<string, Recording>>();
  const owners = await recordedOwners(ask, names, from, to);
  // A query has its limits, and many namespaces pass them.
  const isWanted = ({ namespace }: ContainerRef) => namespaces.length === 0 || namespaces.includes(namespace);
  const days = Math.ceil((to - from) / DAY);
  const progressing = options.progress(days);
  for (let day = 0, start = from; start <= to; day += 1, start += DAY) {
    progressing.at(day, `days of ${endpoint.placeOf({ path: '' })} are read`);
    const end = Math.min(to, start + DAY - RESOLUTION);
    for (const resource of RESOURCE_NAMES) {
      for (const { labels, values } of await ask(usage[resource], start, end, RESOLUTION)) {
        const of = containerOf(labels, names);
        if (of && isWanted(of)) record(workloads, owners, { ...of, resource }, values);
      }
    }
  }
  progressing.end();
  if (workloads.size === 0) {
    const place = endpoint.placeOf({ path: '' });
    throw new Refused(`${place}: there is no usage of any Deployment, StatefulSet or DaemonSet`);
  }
  return [...workloads].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, recordings]) => sourceOf(name, recordings));
}

function asking(endpoint: Endpoint): Ask {
  return async (query, start, end, step) => {
    const answer: RangeSeries[] = [];
    const take: TakeSeries = (labels, { instants, values }) => {
      const copy = Array.from(instants, (at, index) => [at, values[index] ?? Number.NaN] as const);
      answer.push({ labels: { ...labels }, values: copy });
    };
    try {
      await queryRange(endpoint, { query, start, end, step }, take, new AbortController().signal);
      return answer;
    } catch (error) {
      throw error instanceof ProviderError ? new Refused(error.message) : error;
    }
  };
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
  { namespace, pod, container, resource }: ContainerRef & { readonly resource: ResourceName },
  values: RangeSeries['values'],
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

async function recordedOwners(ask: Ask, names: Names, from: number, to: number): Promise<RecordedOwners> {
  const table = ownerTable(names);
  // Those of each day, or what lived for less would not be seen; the last such day has only begun.
  for (const { labels } of await ask(queriesOf(names).owners(DAY), from, to + DAY, DAY)) table.add(labels);
  const owners = new Map<string, Owner>();
  table.each((namespace, pod, owner) => owners.set(`${namespace}/${pod}`, owner));
  return owners;
}
