import { RESOURCE_NAMES } from '../../lib/api/index.js';
import type { Requests } from './estimator.js';
import type { Sample } from './trace.js';

/** What became of the requests of one resource. Undefined where nothing was requested, or nothing measured. */
export interface ResourceScore {
  /** Share of the request that lay unused, from 0 to 1: the mean over samples of 1 − used/requested, 0 where more was used. */
  readonly slack: number | undefined;
  /** Share of the samples above the request. */
  readonly above: number | undefined;
}

/** How an estimator did on one workload, or on all of them. */
export interface Score {
  readonly cpu: ResourceScore;
  readonly memory: ResourceScore & {
    /** How often usage passed the request from below, per workload and day. */
    readonly crossings: number | undefined;
  };
  /** How often the requests changed by something that matters, per workload and day. */
  readonly changes: number | undefined;
}

/** Gathers one workload's score: in turns what is requested from now on, and what was used under it. */
export interface Scoring {
  request(requests: Requests): void;
  use(sample: Sample): void;
  result(): Score;
}

/** Changes of less than this share are not counted: the operator does not make them (a change restarts or resizes pods). */
export const LEAST_CHANGE = 0.05;

const DAY = 86_400;

/** @param start where judging begins. @param end of the last sample; both seconds since 1970 */
export function scoring(start: number, end: number): Scoring {
  const days = (end - start) / DAY;
  const [cpu, memory] = [tally(), tally()];
  let counted: Requests = {};
  let changes = 0;
  return {
    request(requests) {
      cpu.request(requests.cpu);
      memory.request(requests.memory);
      if (differs(counted, requests)) {
        changes += 1;
        counted = requests;
      } else {
        // What is requested for the first time is no change.
        counted = { ...requests, ...counted };
      }
    },
    use: ({ resource, pod, value }) => (resource === 'cpu' ? cpu : memory).use(pod, value),
    result: () => ({
      cpu: cpu.score(),
      memory: { ...memory.score(), crossings: memory.crossings(days) },
      changes: Object.keys(counted).length > 0 ? changes / days : undefined,
    }),
  };
}

interface Tally {
  request(request: number | undefined): void;
  use(pod: string, value: number): void;
  score(): ResourceScore;
  /** Per day. */
  crossings(days: number): number | undefined;
}

function tally(): Tally {
  // A pod that is above its request when it is first seen has passed it as well.
  const above = new Map<string, boolean>();
  let requested: number | undefined;
  let [samples, unused, exceeding, crossings] = [0, 0, 0, 0];
  return {
    request(request) {
      requested = request;
    },
    use(pod, value) {
      if (requested === undefined) return;
      const exceeds = value > requested;
      samples += 1;
      if (exceeds) exceeding += 1;
      else unused += 1 - value / requested;
      if (exceeds && above.get(pod) !== true) crossings += 1;
      above.set(pod, exceeds);
    },
    score: () =>
      samples === 0 ? { slack: undefined, above: undefined } : { slack: unused / samples, above: exceeding / samples },
    crossings: (days) => (samples === 0 ? undefined : crossings / days),
  };
}

function differs(before: Requests, now: Requests): boolean {
  return RESOURCE_NAMES.some((resource) => {
    const [old, current] = [before[resource], now[resource]];
    return old !== undefined && current !== undefined && Math.abs(current - old) > old * LEAST_CHANGE;
  });
}

/**
 * The fleet's score: every workload counts the same, whatever its size, and the rates are those of a workload. Workloads of which
 * an estimator has no figure are not in its mean.
 */
export function fleetScore(scores: readonly Score[]): Score {
  const mean = (figure: (score: Score) => number | undefined): number | undefined => {
    const figures = scores.map(figure).filter((value) => value !== undefined);
    return figures.length === 0 ? undefined : figures.reduce((sum, value) => sum + value, 0) / figures.length;
  };
  return {
    cpu: { slack: mean(({ cpu }) => cpu.slack), above: mean(({ cpu }) => cpu.above) },
    memory: {
      slack: mean(({ memory }) => memory.slack),
      above: mean(({ memory }) => memory.above),
      crossings: mean(({ memory }) => memory.crossings),
    },
    changes: mean(({ changes }) => changes),
  };
}
