import { NoAnswerInTime, RefusedError } from '../endpoint/errors.js';

/** Instants that are a step apart, first and last included; seconds. */
export interface Steps {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Those instants of a step's multiples that lie after `from`, up to and with `to`; undefined where there are none. */
export function stepsBetween(from: number, to: number, step: number): Steps | undefined {
  const start = (Math.floor(from / step) + 1) * step;
  const end = Math.floor(to / step) * step;
  return start <= end ? { start, end, step } : undefined;
}

export function countOf({ start, end, step }: Steps): number {
  return Math.round((end - start) / step) + 1;
}

/** An answer of so many samples is some 15 MB, and Prometheus needs about a second for it on one core. */
const MOST_SAMPLES = 500_000;

/** Prometheus refuses range queries of more than 11,000 points a series. */
const MOST_STEPS = 10_000;

/** How much is asked for at first, while nobody knows how many series there are. */
const FIRST_STEPS = 10;

/** So much longer at most is a chunk than the one before: after a time of which Prometheus knows little, more may follow. */
const GROWTH = 4;

/** How much is asked for at a time: no more than the server answers, as far as it showed within a reading. */
export interface PartSize {
  /** In steps. */
  readonly most: number;
  /** The server found so many steps too much. */
  refuse(steps: number): void;
}

export function partSize(): PartSize {
  let most = Infinity;
  return {
    get most() {
      return most;
    },
    refuse(steps) {
      most = Math.min(most, Math.ceil(steps / 2));
    },
  };
}

/** How long chunks should be, by how many samples came of those before, and by what was refused. */
export interface ChunkSize extends PartSize {
  readonly steps: number;
  /** A chunk of so many steps brought so many samples. */
  note(steps: number, samples: number): void;
}

export function chunkSize(): ChunkSize {
  const parts = partSize();
  let steps = FIRST_STEPS;
  return {
    get steps() {
      return Math.min(steps, parts.most);
    },
    get most() {
      return parts.most;
    },
    refuse: (asked) => parts.refuse(asked),
    note(asked, samples) {
      const fitting = samples === 0 ? MOST_STEPS : Math.floor((MOST_SAMPLES * asked) / samples);
      steps = Math.max(1, Math.min(fitting, steps * GROWTH, MOST_STEPS));
    },
  };
}

/** Cuts a span into chunks one after the other, each as long as chunks should be by then. */
export function* chunks({ start, end, step }: Steps, size: Pick<ChunkSize, 'steps'>): Generator<Steps> {
  for (let next = start; next <= end;) {
    const last = Math.min(end, next + (size.steps - 1) * step);
    yield { start: next, end: last, step };
    next = last + step;
  }
}

/** HTTP's Payload Too Large, and what Prometheus, Thanos and Mimir say of a query that would load too much. */
const TOO_MUCH = [413, 422];

/** A chunk, or a part of one. */
export interface Part extends Steps {
  /** Whether it is asked for in halves where it is too much. */
  readonly isDivisible: boolean;
}

/**
 * Reads a chunk; where the server finds it too much, or has no answer in time, its halves one after the other.
 * @param size what was too much is not asked for again
 * @param least chunks of no more steps are not halved
 */
export async function readOrHalve(
  chunk: Steps,
  read: (part: Part) => Promise<void>,
  size = partSize(),
  least = FIRST_STEPS,
): Promise<void> {
  const steps = countOf(chunk);
  if (steps <= size.most) {
    const isDivisible = steps > least;
    try {
      await read({ ...chunk, isDivisible });
      return;
    } catch (error) {
      if (!isDivisible || !isTooMuch(error)) throw error;
      size.refuse(steps);
    }
  }
  const middle = chunk.start + (Math.floor(steps / 2) - 1) * chunk.step;
  await readOrHalve({ ...chunk, end: middle }, read, size, least);
  await readOrHalve({ ...chunk, start: middle + chunk.step }, read, size, least);
}

function isTooMuch(error: unknown): boolean {
  return error instanceof NoAnswerInTime || (error instanceof RefusedError && TOO_MUCH.includes(error.statusCode));
}
