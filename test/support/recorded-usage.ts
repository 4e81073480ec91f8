import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { WorkloadContainer } from 'optipod/lib/usage';
import { createClient, createMetrics, silentLogger, type Clock } from '@optipod/operator/runtime';
import { syntheticTraces } from '../../cli/backtest/synthetic.js';
import type { Journal } from '../../operator/journal/journal.js';
import { createMetricsServerProvider } from '../../operator/metrics/metrics-server/metrics-server.js';
import { createUsageCollector, type UsageCollector } from '../../operator/usage/collector.js';
import { UsageHistory } from '../../operator/usage/history.js';
import { keptCollector } from '../../operator/usage/kept.js';
import { podMetricsList } from './pod-metrics-server.js';

/** Seconds between two readings of the recording. */
const INTERVAL = 300;
const DAY = 86_400;
/** Where the pods are that the recording is of. */
export const NAMESPACE = 'shop';

const TRACES = syntheticTraces({ seed: 1, stepSeconds: INTERVAL });
const BEGIN = TRACES[0]?.samples[0]?.at ?? 0;

/** The containers that the recording is of. */
export const RECORDED: readonly WorkloadContainer[] = TRACES.map(({ name }) => ({
  namespace: NAMESPACE,
  kind: 'Deployment',
  workload: name,
  container: 'app',
}));

/** When a reading was made: seconds since 1970. */
export function instantOf(reading: number): number {
  return BEGIN + reading * INTERVAL;
}

function readingAt(instant: number): number {
  return Math.round((instant - BEGIN) / INTERVAL);
}

/** How many readings there are. */
const READINGS = (30 * DAY) / INTERVAL;

/** What a container used in a reading: cores, and bytes. */
export function recordedUsage(workload: string, reading: number): { readonly cpu: number; readonly memory: number } {
  // Each instant has a sample of CPU and one of memory.
  const samples = TRACES.find(({ name }) => name === workload)?.samples.slice(reading * 2, reading * 2 + 2);
  const of = (resource: 'cpu' | 'memory') => samples?.find((sample) => sample.resource === resource)?.value ?? 0;
  return { cpu: of('cpu'), memory: of('memory') };
}

/** What metrics-server said of all pods. @param at when it says that it read them: seconds since 1970 */
export function recordedList(reading: number, at = instantOf(reading)): object {
  const measured = TRACES.map(({ name }) => {
    const pod = `${name}-7d4b9c6f5d-x2k9z`;
    return { namespace: NAMESPACE, pod, container: 'app', ...recordedUsage(name, reading) };
  });
  return podMetricsList(measured, at);
}

/** Answers as metrics-server did, a reading for each request. */
export async function serveRecording(): Promise<{
  readonly url: string;
  /** Goes on from there; those that are to be left out are answered with no pod. */
  at(reading: number, without?: readonly number[]): void;
  close(): Promise<void>;
}> {
  let next = 0;
  let left: readonly number[] = [];
  const server = createServer((_, response) => {
    const answer = left.includes(next) ? podMetricsList([], 0) : recordedList(next);
    response.writeHead(next < READINGS ? 200 : 410, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
    next += 1;
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    at(reading, without = []) {
      next = reading;
      left = without;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface ReplayOptions {
  readonly url: string;
  /** The first reading to take, and how many; without a number, until the process ends. */
  readonly from: number;
  readonly count?: number;
  /** Where readings are kept. @default nowhere */
  readonly journal?: Journal;
  /** Told before anything is done with a reading, and when it is kept. */
  readonly taking?: (reading: number) => void;
  readonly kept?: (reading: number) => void;
}

/** The operator's collector over the recording, whose time goes by as fast as readings are taken and kept. */
export async function replayUsage(options: ReplayOptions): Promise<UsageCollector> {
  const { from, count = Infinity, journal } = options;
  const end = new AbortController();
  const time = fastTime(from, (reading) => {
    if (reading >= from + count) end.abort();
  });
  const client = createClient({
    server: options.url,
    namespace: NAMESPACE,
    tls: {},
    authorization: () => Promise.resolve(undefined),
  });
  const provider = createMetricsServerProvider({ client, intervalMs: INTERVAL * 1000 });
  const collector = collectorOf({
    provider: {
      ...provider,
      read(request, sink, signal) {
        options.taking?.(readingAt(request.to));
        return provider.read(request, sink, signal);
      },
    },
    clock: time.clock,
    now: () => (BEGIN + time.seconds()) * 1000,
    ...(journal && {
      keep(usage) {
        time.hold();
        kept?.keep(usage);
      },
    }),
  });
  const kept = journal && keptCollector({ collector, journal: telling(journal, options.kept, time.release) });
  await (kept ?? collector).run(end.signal, { log: silentLogger, metrics: createMetrics() });
  await client.close();
  return collector;
}

/** A collector that only knows what was kept. */
export async function restoredUsage(journal: Journal): Promise<UsageCollector> {
  const collector = collectorOf({ provider: createMetricsServerProvider({ client: NOBODY, intervalMs: 1 }) });
  await journal.restore((record) => collector.restore(record));
  return collector;
}

const NOBODY = { list: () => Promise.reject(new Error('nobody is asked')) };

type CollectorOptions = Parameters<typeof createUsageCollector>[0];

function collectorOf(options: Pick<CollectorOptions, 'provider' | 'keep' | 'clock' | 'now'>): UsageCollector {
  const workloads = RECORDED.map(({ kind, workload: name }) => ({ kind, name }));
  return createUsageCollector({
    ...options,
    history: new UsageHistory({ workloads: () => workloads, peakWindow: 14 * DAY }),
    demand: () => new Map([[NAMESPACE, [30 * DAY * 1000]]]),
    peakWindowMs: 14 * DAY * 1000,
  });
}

/** Time that stands still while something is held, and has no pauses otherwise: an interval is far longer than a write. */
function fastTime(from: number, at: (reading: number) => void) {
  let seconds = from * INTERVAL;
  let held = 0;
  let waiting: (() => void) | undefined;
  const goOn = () => {
    if (held > 0) return;
    const next = waiting;
    waiting = undefined;
    if (next) setImmediate(next);
  };
  const clock: Clock = {
    now: () => seconds * 1000,
    after(ms, fire) {
      waiting = () => {
        seconds += ms / 1000;
        at(Math.round(seconds / INTERVAL));
        fire();
      };
      goOn();
      return () => (waiting = undefined);
    },
  };
  return {
    clock,
    seconds: () => seconds,
    hold: () => void (held += 1),
    release: () => {
      held -= 1;
      goOn();
    },
  };
}

/** What is handed over is done with when it is appended, or when a segment is sealed and what is old forgotten. */
function telling(journal: Journal, kept: ReplayOptions['kept'], done: () => void): Journal {
  return {
    ...journal,
    async append(record, signal) {
      await journal.append(record, signal);
      kept?.(readingAt(record.to));
      done();
    },
    async forget(before, signal) {
      await journal.forget(before, signal);
      done();
    },
  };
}
