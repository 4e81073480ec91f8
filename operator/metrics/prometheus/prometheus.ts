import { canBeSample } from 'optipod/lib/usage';
import type { Endpoint } from '../endpoint/endpoint.js';
import type { ContainerRef, MetricsProvider, ReadRequest, UsageSink } from '../reading.js';
import { queryRange } from './api.js';
import { partSize, readOrHalve, type Part, type Steps } from './chunks.js';
import type { Labels, TakeSeries } from './matrix.js';
import { ownerTable } from './owners.js';
import { queriesOf, type Names } from './queries.js';
import { both, readSamples, type QueryContainers, type TakeContainer } from './samples.js';

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
 * one for owners, one for daily peaks where asked for, and for CPU and memory one each a chunk of time.
 */
export function createPrometheusProvider(options: PrometheusOptions): MetricsProvider {
  const { names, settleMs } = options;
  const step = Math.max(1, Math.round(options.stepMs / 1000));
  const rateWindow = Math.max(1, Math.round(options.rateWindowMs / 1000));
  return {
    name: 'prometheus',
    intervalMs: step * 1000,
    looksBack: true,
    settled: (now) => Math.floor((now - settleMs) / 1000 / step) * step,
    async read(request, sink, signal) {
      const wanted = onlyIn(sink, request.namespaces);
      const queries = queriesOf(names, request.namespaces);
      const query: QueryContainers = (expression, part, take) =>
        queryContainers(options, { expression, part, take }, signal);
      await readOwners(options, request, wanted, signal);
      const samples = readSamples({ request, sink: wanted, queries, query, step, rateWindow });
      const { peaksFrom, to } = request;
      if (peaksFrom === undefined) return samples;
      const peak: TakeContainer = (of, { instants, values }) =>
        instants.forEach((at, index) => wanted.peak(of, at, values[index] ?? 0));
      const days = backFrom(to, peaksFrom, DAY);
      return both(
        samples,
        readOrHalve(days, (part) => query(queries.memory(DAY), part, peak), partSize(), 1),
      );
    },
  };
}

/** One query about containers; of each, the samples that can be some. */
async function queryContainers(
  { endpoint, names }: PrometheusOptions,
  { expression, part, take }: ContainerQuery,
  signal: AbortSignal,
): Promise<void> {
  const takeSeries: TakeSeries = (labels, samples) => {
    const of = containerOf(labels, names);
    if (!of) return;
    const { instants, values } = samples;
    samples.retain((index) => canBeSample(instants[index] ?? 0, values[index] ?? 0));
    take(of, samples);
  };
  await queryRange(endpoint, { query: expression, ...part }, takeSeries, signal);
}

interface ContainerQuery {
  readonly expression: string;
  readonly part: Part;
  readonly take: TakeContainer;
}

async function readOwners(
  { endpoint, names }: PrometheusOptions,
  { from, to }: ReadRequest,
  sink: UsageSink,
  signal: AbortSignal,
): Promise<void> {
  const span = Math.min(DAY, Math.max(LEAST_OWNER_SPAN, to - from));
  const table = ownerTable(names);
  const query = queriesOf(names).owners(span);
  const read = (days: Part) => queryRange(endpoint, { query, ...days }, (labels) => table.add(labels), signal);
  await readOrHalve(backFrom(to, from, span), read, partSize(), 1);
  table.each((namespace, pod, owner) => sink.owner(namespace, pod, owner));
}

/** Instants that are a span apart, the last of them `to`, whose spans together reach back to `from`. */
function backFrom(to: number, from: number, span: number): Steps {
  const count = Math.max(1, Math.ceil((to - from) / span));
  return { start: to - (count - 1) * span, end: to, step: span };
}

/** The container that a series of usage is about. */
export function containerOf(labels: Labels, names: Names): ContainerRef | undefined {
  const namespace = labels[names.namespaceLabel];
  const pod = labels[names.podLabel];
  const container = labels[names.containerLabel];
  return namespace === undefined || pod === undefined || container === undefined
    ? undefined
    : { namespace, pod, container };
}

/** A sink that gets nothing of other namespaces than these. */
function onlyIn(sink: UsageSink, namespaces: readonly string[] | undefined): UsageSink {
  if (!namespaces) return sink;
  const wanted = new Set(namespaces);
  return {
    samples: (of, samples) => (wanted.has(of.namespace) ? sink.samples(of, samples) : undefined),
    peak: (of, at, bytes) => (wanted.has(of.namespace) ? sink.peak(of, at, bytes) : undefined),
    owner: (namespace, pod, owner) => (wanted.has(namespace) ? sink.owner(namespace, pod, owner) : undefined),
  };
}
