import type { ContainerRef, ReadRequest, UsageSink } from '../reading.js';
import type { SampleRun } from '../sample-run.js';
import {
  chunks,
  chunkSize,
  countOf,
  readOrHalve,
  stepsBetween,
  type ChunkSize,
  type Part,
  type Steps,
} from './chunks.js';
import type { Queries } from './queries.js';
import { readingsWithin, type Readings } from './readings.js';

/** Takes what an answer has of one container, good until the call returns. */
export type TakeContainer = (of: ContainerRef, samples: SampleRun) => void;

/** One query about containers. */
export type QueryContainers = (expression: string, part: Part, take: TakeContainer) => Promise<void>;

export interface SamplesRead {
  readonly request: ReadRequest;
  readonly sink: UsageSink;
  readonly queries: Queries;
  readonly query: QueryContainers;
  /** Seconds between two samples. */
  readonly step: number;
  /** Seconds over which CPU rates are taken. */
  readonly rateWindow: number;
}

/**
 * CPU and memory, and throttling. CPU follows memory by a chunk, since it is known by then where memory had readings, and memory
 * goes on meanwhile: the server works out one answer while another is read. Throttling is asked for over spans as long as CPU's
 * rates, which do not overlap: each CFS period counts once.
 */
export async function readSamples(read: SamplesRead): Promise<void> {
  const size = chunkSize();
  // Of the last chunk, and of the one before it: memory is no more than two ahead.
  let cpu = Promise.resolve();
  let earlier = Promise.resolve();
  try {
    for (const chunk of chunksOf(read.request, read.step, size)) {
      const readings = readingsWithin(chunk);
      await both(readMemory(read, chunk, readings, size), earlier);
      earlier = cpu;
      cpu = cpu.then(() => readCpu(read, chunk, readings, size));
      // Its failure is seen when it is waited for.
      cpu.catch(() => undefined);
    }
    await readThrottled(read, size);
  } finally {
    // Nothing goes on unseen.
    await Promise.allSettled([cpu]);
  }
  await cpu;
}

async function readThrottled(
  { request, sink, queries, query, step, rateWindow }: SamplesRead,
  size: ChunkSize,
): Promise<void> {
  const span = Math.ceil(rateWindow / step) * step;
  const throttled: TakeContainer = (of, samples) => sink.samples({ ...of, metric: 'throttled' }, samples);
  for (const chunk of chunksOf(request, span, size)) {
    await readOrHalve(chunk, (part) => query(queries.throttled(span), part, throttled), size);
  }
}

function chunksOf({ from, to }: ReadRequest, step: number, size: ChunkSize): Iterable<Steps> {
  const steps = stepsBetween(from, to, step);
  return steps ? chunks(steps, size) : [];
}

async function readMemory(
  { sink, queries, query, step }: SamplesRead,
  chunk: Steps,
  readings: Readings,
  size: ChunkSize,
): Promise<void> {
  let count = 0;
  const take: TakeContainer = (of, samples) => {
    count += samples.size;
    readings.note(of, samples);
    sink.samples({ ...of, metric: 'memory' }, samples);
  };
  await readOrHalve(chunk, (part) => query(queries.memory(step), part, take), size);
  size.note(countOf(chunk), count);
}

async function readCpu(
  { sink, queries, query, rateWindow }: SamplesRead,
  chunk: Steps,
  readings: Readings,
  size: ChunkSize,
): Promise<void> {
  const take: TakeContainer = (of, samples) => {
    readings.retain(of, samples);
    sink.samples({ ...of, metric: 'cpu' }, samples);
  };
  await readOrHalve(chunk, (part) => query(queries.cpu(rateWindow), part, take), size);
}

/** Waits for both, so that neither goes on unseen. @throws what the first of them threw */
export async function both(one: Promise<void>, other: Promise<void>): Promise<void> {
  for (const outcome of await Promise.allSettled([one, other])) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
