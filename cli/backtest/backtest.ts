import type { Estimator } from './estimator.js';
import { replay, type Replay, type ReplayOptions } from './replay.js';
import { fleetScore, type Score } from './score.js';
import type { Trace } from './trace.js';

/** One workload under every estimator, in their order. */
export interface WorkloadResult {
  readonly trace: Trace;
  readonly replays: readonly Replay[];
}

/** What is reported: for each estimator its score on the fleet and on every workload. */
export interface Report {
  readonly estimators: readonly EstimatorReport[];
}

export interface EstimatorReport {
  readonly name: string;
  readonly fleet: Score;
  /** By name of the workload, in the order they were replayed in. */
  readonly workloads: ReadonlyMap<string, Score>;
}

export function backtestWorkload(
  trace: Trace,
  estimators: readonly Estimator[],
  options: ReplayOptions,
): WorkloadResult {
  return { trace, replays: estimators.map((estimator) => replay(trace, estimator, options)) };
}

/** Whether anything of a trace comes after the warm-up. */
export function outlasts({ samples }: Trace, { warmupMs }: Pick<ReplayOptions, 'warmupMs'>): boolean {
  const [first, last] = [samples[0], samples.at(-1)];
  return first !== undefined && last !== undefined && last.at > first.at + warmupMs / 1000;
}

/** @param scores of each workload, by name, one for each estimator and in their order */
export function reportOf(names: readonly string[], scores: ReadonlyMap<string, readonly Score[]>): Report {
  const estimators = names.map((name, index) => {
    const workloads = new Map<string, Score>();
    for (const [workload, ofWorkload] of scores) {
      const score = ofWorkload[index];
      if (score) workloads.set(workload, score);
    }
    return { name, fleet: fleetScore([...workloads.values()]), workloads };
  });
  return { estimators };
}
