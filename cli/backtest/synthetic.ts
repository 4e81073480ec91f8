import { random, type Random } from './random.js';
import { traceOf, type Trace } from './trace.js';

/** What a container of some kind uses at an instant: cores and bytes. Called once for each instant, in order. */
type Shape = (instant: Instant) => { readonly cores: number; readonly bytes: number };

interface Instant {
  /** Seconds since the trace began, at midnight of a Monday. */
  readonly elapsed: number;
  readonly hour: number;
  /** 0 is Monday. */
  readonly weekday: number;
  /** From 0 to 1: how far into the trace it is. */
  readonly progress: number;
}

const MEBIBYTE = 2 ** 20;
const HOUR = 3600;
const DAY = 24 * HOUR;
/** Monday, 5 January 2026, 00:00 UTC. */
const BEGIN = 1_767_571_200;

/** Kinds of workloads as one meets them, each a function from randomness to a shape. */
const SHAPES = {
  steady:
    ({ normal }) =>
    () => ({ cores: 0.4 + 0.02 * normal(), bytes: (512 + 4 * normal()) * MEBIBYTE }),

  diurnal:
    ({ normal }) =>
    ({ hour }) => {
      const load = wave(hour);
      return { cores: 1 + 0.7 * load + 0.05 * normal(), bytes: (900 + 120 * load + 10 * normal()) * MEBIBYTE };
    },

  weekly:
    ({ normal }) =>
    ({ hour, weekday }) => {
      const load = (1 + wave(hour)) * (weekday < 5 ? 1 : 0.25);
      return { cores: 0.3 + 0.6 * load + 0.04 * normal(), bytes: (700 + 150 * load + 8 * normal()) * MEBIBYTE };
    },

  // Bursts begin about every four hours, last some ten minutes, and are of very different sizes.
  bursty: ({ uniform, normal }) => {
    let [left, height] = [0, 0];
    return () => {
      if (left === 0 && uniform() < 1 / 48)
        [left, height] = [1 + Math.floor(uniform() * 4), 0.5 + 1.5 * uniform() ** 2];
      else left = Math.max(0, left - 1);
      const burst = left > 0 ? height : 0;
      return { cores: 0.1 + burst + 0.01 * normal(), bytes: (300 + 180 * burst + 5 * normal()) * MEBIBYTE };
    };
  },

  // Grows by 2 % of its first size an hour, and is restarted once a week.
  leak:
    ({ normal }) =>
    ({ elapsed }) => ({
      cores: 0.2 + 0.01 * normal(),
      bytes: (256 * (1 + (0.02 * (elapsed % (7 * DAY))) / HOUR) + 3 * normal()) * MEBIBYTE,
    }),

  // The heap is extended in steps, and what was taken is kept.
  jvm: ({ uniform, normal }) => {
    let heap = 768;
    return ({ hour }) => {
      if (heap < 3072 && uniform() < 1 / 400) heap += 128;
      const collecting = uniform() < 0.02 ? 0.8 : 0;
      return { cores: 0.5 + 0.2 * wave(hour) + collecting + 0.03 * normal(), bytes: (heap + 6 * normal()) * MEBIBYTE };
    };
  },

  // Works from two to four at night, and pauses.
  batch:
    ({ normal }) =>
    ({ hour }) =>
      hour >= 2 && hour < 4
        ? { cores: 2 + 0.1 * normal(), bytes: (1800 + 40 * normal()) * MEBIBYTE }
        : { cores: 0.02 + 0.002 * Math.abs(normal()), bytes: (200 + 2 * normal()) * MEBIBYTE },

  // A new version, two thirds into the trace, needs half as much again.
  deploy:
    ({ normal }) =>
    ({ hour, progress }) => {
      const factor = progress < 2 / 3 ? 1 : 1.5;
      const load = wave(hour);
      return {
        cores: factor * (0.6 + 0.2 * load) + 0.03 * normal(),
        bytes: (factor * (600 + 40 * load) + 5 * normal()) * MEBIBYTE,
      };
    },
} as const satisfies Readonly<Record<string, (random: Random) => Shape>>;

export type ShapeName = keyof typeof SHAPES;

export interface SyntheticOptions {
  /** A whole number: the same seed, the same traces. */
  readonly seed: number;
  /** @default 30 */
  readonly days?: number;
  /** Between two samples. @default 300 */
  readonly stepSeconds?: number;
}

/** Usage that nobody had: a trace of every kind of workload that right-sizing must cope with. Names are the kinds'. */
export function syntheticTraces(options: SyntheticOptions): Trace[] {
  return Object.keys(SHAPES).map((name) => syntheticTrace(name as ShapeName, options));
}

export function syntheticTrace(name: ShapeName, { seed, days = 30, stepSeconds = 300 }: SyntheticOptions): Trace {
  // Each kind's noise is its own, so that one more kind changes none of the others.
  const shape: Shape = SHAPES[name](random(seed * 1000 + Object.keys(SHAPES).indexOf(name)));
  const cpu: [number, number][] = [];
  const memory: [number, number][] = [];
  for (let elapsed = 0; elapsed < days * DAY; elapsed += stepSeconds) {
    const hour = (elapsed % DAY) / HOUR;
    const weekday = Math.floor(elapsed / DAY) % 7;
    const { cores, bytes } = shape({ elapsed, hour, weekday, progress: elapsed / (days * DAY) });
    cpu.push([BEGIN + elapsed, Math.max(0, cores)]);
    memory.push([BEGIN + elapsed, Math.max(0, Math.round(bytes))]);
  }
  return traceOf(name, [
    { pod: name, resource: 'cpu', samples: cpu },
    { pod: name, resource: 'memory', samples: memory },
  ]);
}

/** From −1 at four in the morning to 1 at four in the afternoon. */
function wave(hour: number): number {
  return -Math.cos((2 * Math.PI * (hour - 4)) / 24);
}
