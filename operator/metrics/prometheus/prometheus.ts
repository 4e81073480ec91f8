import type { Endpoint } from '../endpoint/endpoint.js';
import type { ContainerRef, MetricsProvider, ReadRequest, SeriesRef, UsageSink } from '../reading.js';
import { queryRange } from './api.js';
import { chunks, chunkSize, countOf, readOrHalve, stepsBetween, type Steps } from './chunks.js';
import type { Labels, TakeSample } from './matrix.js';
import { ownerTable } from './owners.js';
import { queriesOf, type Names } from './queries.js';
import { readingsWithin, type Readings } from './readings.js';

export interface PrometheusOptions {
  readonly endpoint: Endpoint;
  readonly names: Names;
  /** Over which CPU rates are taken. */
  readonly rateWindowMs: number;
  /** Between two samples. */
  readonly stepMs: number;
  /** How long scraped samples may take to arrive. */
  readonly settleMs: number;
}

const DAY = 86_400;

/** kube-state-metrics may be scraped less often than kubelets: so far back owners are looked for at least. */
const LEAST_OWNER_SPAN = 300;

/**
 * Usage as the kubelet's series in Prometheus tell it, in a number of queries that does not follow the number of workloads:
 * one for owners, one for daily peaks where asked for, and for CPU and memory one each a chunk of time. Throttling is asked
 * for over spans as long as CPU's rates, which do not overlap: each CFS period counts once.
 */
export function createPrometheusProvider(options: PrometheusOptions): MetricsProvider {
  const { endpoint, names, settleMs } = options;
  const step = Math.max(1, Math.round(options.stepMs / 1000));
  const rateWindow = Math.max(1, Math.round(options.rateWindowMs / 1000));
  const throttledStep = Math.ceil(rateWindow / step) * step;

  /** One query about containers, each sample that can be one to whoever takes that container's. */
  async function query(
    expression: string,
    steps: Steps,
    takerOf: (of: ContainerRef) => TakeSample | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const series = (labels: Labels) => {
      const of = containerOf(labels, names);
      return of && onlyUsable(takerOf(of));
    };
    await queryRange(endpoint, { query: expression, ...steps }, series, signal);
  }

  async function readOwners({ from, to }: ReadRequest, sink: UsageSink, signal: AbortSignal) {
    const span = Math.min(DAY, Math.max(LEAST_OWNER_SPAN, to - from));
    const table = ownerTable();
    const expression = queriesOf(names).owners(span);
    await queryRange(
      endpoint,
      { query: expression, ...backFrom(to, from, span) },
      (labels) => void table.add(labels),
      signal,
    );
    table.each((namespace, pod, owner) => sink.owner(namespace, pod, owner));
  }

  /** CPU follows memory by a chunk, so that there are two queries at a time, and it is known where memory had readings. */
  async function readSamples(request: ReadRequest, sink: UsageSink, signal: AbortSignal): Promise<void> {
    const steps = stepsBetween(request.from, request.to, step);
    if (!steps) return;
    const queries = queriesOf(names, request.namespaces);
    const size = chunkSize();
    let cpu = Promise.resolve();
    for (const chunk of chunks(steps, size)) {
      const readings = readingsWithin(chunk);
      const memory = readMemory(queries.memory(step), chunk, readings);
      await both(memory, cpu);
      cpu = readCpu(chunk, readings);
    }
    await cpu;
    const throttled = stepsBetween(request.from, request.to, throttledStep);
    if (!throttled) return;
    for (const chunk of chunks(throttled, size)) {
      await readOrHalve(chunk, (part) => query(queries.throttled(throttledStep), part, seriesOf('throttled'), signal));
    }

    function seriesOf(metric: SeriesRef['metric']) {
      return (of: ContainerRef) => sink.series({ ...of, metric });
    }

    async function readMemory(expression: string, chunk: Steps, readings: Readings): Promise<void> {
      let samples = 0;
      const takerOf = (of: ContainerRef): TakeSample => {
        const take = sink.series({ ...of, metric: 'memory' });
        return (at, bytes) => {
          samples += 1;
          readings.note(of, at);
          take?.(at, bytes);
        };
      };
      await readOrHalve(chunk, (part) => query(expression, part, takerOf, signal));
      size.note(countOf(chunk), samples);
    }

    function readCpu(chunk: Steps, readings: Readings): Promise<void> {
      const takerOf = (of: ContainerRef): TakeSample | undefined => {
        const take = sink.series({ ...of, metric: 'cpu' });
        const allows = readings.allow(of);
        return take && ((at, cores) => (allows(at) ? take(at, cores) : undefined));
      };
      const reading = readOrHalve(chunk, (part) => query(queries.cpu(rateWindow), part, takerOf, signal));
      // Its failure is seen when the next chunk of memory is there.
      reading.catch(() => undefined);
      return reading;
    }
  }

  async function readPeaks(request: ReadRequest, peaksFrom: number, sink: UsageSink, signal: AbortSignal) {
    const { to, namespaces } = request;
    const expression = queriesOf(names, namespaces).memory(DAY);
    const takerOf =
      (of: ContainerRef): TakeSample =>
      (at, bytes) =>
        sink.peak(of, at, bytes);
    await readOrHalve(backFrom(to, peaksFrom, DAY), (part) => query(expression, part, takerOf, signal), 1);
  }

  return {
    name: 'prometheus',
    intervalMs: step * 1000,
    looksBack: true,
    settled: (now) => Math.floor((now - settleMs) / 1000 / step) * step,
    async read(request, sink, signal) {
      const wanted = onlyIn(sink, request.namespaces);
      await readOwners(request, wanted, signal);
      await readSamples(request, wanted, signal);
      if (request.peaksFrom !== undefined) await readPeaks(request, request.peaksFrom, wanted, signal);
    },
  };
}

/** Instants that are a span apart, the last of them `to`, whose spans together reach back to `from`. */
function backFrom(to: number, from: number, span: number): Steps {
  const count = Math.max(1, Math.ceil((to - from) / span));
  return { start: to - (count - 1) * span, end: to, step: span };
}

function containerOf(labels: Labels, names: Names): ContainerRef | undefined {
  const namespace = labels[names.namespaceLabel];
  const pod = labels[names.podLabel];
  const container = labels[names.containerLabel];
  return namespace === undefined || pod === undefined || container === undefined
    ? undefined
    : { namespace, pod, container };
}

/** Nobody uses less than nothing, or an amount that is no number. */
function onlyUsable(take: TakeSample | undefined): TakeSample | undefined {
  return take && ((at, value) => (value >= 0 && value < Infinity ? take(at, value) : undefined));
}

/** A sink that gets nothing of other namespaces than these. */
function onlyIn(sink: UsageSink, namespaces: readonly string[] | undefined): UsageSink {
  if (!namespaces) return sink;
  const wanted = new Set(namespaces);
  return {
    series: (of) => (wanted.has(of.namespace) ? sink.series(of) : undefined),
    peak: (of, at, bytes) => (wanted.has(of.namespace) ? sink.peak(of, at, bytes) : undefined),
    owner: (namespace, pod, owner) => (wanted.has(namespace) ? sink.owner(namespace, pod, owner) : undefined),
  };
}

/** Waits for both, so that neither goes on unseen. @throws what the first of them threw */
async function both(one: Promise<void>, other: Promise<void>): Promise<void> {
  for (const outcome of await Promise.allSettled([one, other])) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
