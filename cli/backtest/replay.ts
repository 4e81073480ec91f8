import type { Estimator, Requests } from './estimator.js';
import { scoring, type Score } from './score.js';
import type { Trace } from './trace.js';

export interface ReplayOptions {
  /** How much of a trace is only looked at, in milliseconds. */
  readonly warmupMs: number;
  /** Between two recommendations, in milliseconds. */
  readonly stepMs: number;
}

/** What an estimator made of one workload. */
export interface Replay {
  readonly estimator: string;
  /** What was requested from an instant (seconds since 1970) on, until the next entry; only where something changed. */
  readonly course: readonly { readonly at: number; readonly requests: Requests }[];
  readonly score: Score;
}

/**
 * Goes through a trace as time did. At every step the estimator has seen what was measured up to then, and nothing later; what
 * it recommends is held against what was measured after that, up to and including the next step. Where it recommends nothing,
 * what it last recommended stands.
 */
export function replay({ samples }: Trace, estimator: Estimator, { warmupMs, stepMs }: ReplayOptions): Replay {
  const estimation = estimator.start();
  const start = (samples[0]?.at ?? 0) + warmupMs / 1000;
  const end = samples.at(-1)?.at ?? 0;
  const score = scoring(start, end);
  const course: { at: number; requests: Requests }[] = [];
  let standing: Requests = {};
  let seen = 0;
  for (let step = 0, at = start; at < end; at = start + (step * stepMs) / 1000) {
    for (let next = samples[seen]; next && next.at <= at; next = samples[seen]) {
      estimation.observe(next);
      seen += 1;
    }
    const requests = { ...standing, ...estimation.recommend(at) };
    if (requests.cpu !== standing.cpu || requests.memory !== standing.memory) course.push({ at, requests });
    standing = requests;
    score.request(standing);
    step += 1;
    const until = start + (step * stepMs) / 1000;
    for (let ahead = seen, next = samples[ahead]; next && next.at <= until; next = samples[ahead]) {
      score.use(next);
      ahead += 1;
    }
  }
  return { estimator: estimator.name, course, score: score.result() };
}
