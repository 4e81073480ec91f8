/**
 * The target of the Vertical Pod Autoscaler's recommender, as a reference: kubernetes/autoscaler, vertical-pod-autoscaler/pkg/recommender,
 * with its defaults (model/aggregations_config.go, model/container.go, logic/recommender.go, logic/estimator.go). Lower and upper
 * bound, which only tell the updater when to act, are not part of it; nor are OOM kills, of which a trace says nothing.
 */
import { decayingHistogram, type Buckets, type DecayingHistogram } from './decaying-histogram.js';
import type { Estimation, Estimator } from './estimator.js';
import type { Sample } from './trace.js';

const DAY = 86_400;

export const CPU_BUCKETS: Buckets = { firstBucketSize: 0.01, ratio: 1.05, maxValue: 1000 };
export const MEMORY_BUCKETS: Buckets = { firstBucketSize: 1e7, ratio: 1.05, maxValue: 1e12 };
/** Seconds, of both histograms. */
export const HALF_LIFE = DAY;
/** Every CPU sample weighs the same, every memory peak ten times as much; only within one histogram does that matter. */
const CPU_SAMPLE_WEIGHT = 0.1;
const MEMORY_PEAK_WEIGHT = 1;
/** One memory peak of each container in every interval, in seconds. */
const PEAK_INTERVAL = DAY;
/** After so many intervals without a CPU sample all is forgotten. */
const INTERVALS = 8;
const TARGET_PERCENTILE = 0.9;
const MARGIN = 0.15;
/** Per pod, whose containers share it; a trace is the only container of its pod. */
const MIN_MILLICORES = 25;
const MIN_BYTES = 250 * 1024 * 1024;

export const vpa: Estimator = { name: 'vpa', start: estimation };

function estimation(): Estimation {
  let state = forgetful();
  return {
    observe(sample) {
      if (state.expired(sample.at)) state = forgetful();
      state.observe(sample);
    },
    recommend(at) {
      if (state.expired(at)) return {};
      const cpu = state.cpu.percentile(TARGET_PERCENTILE);
      const memory = state.memory.percentile(TARGET_PERCENTILE);
      return {
        ...(cpu === undefined ? {} : { cpu: Math.max(withMargin(cpu * 1000), MIN_MILLICORES) / 1000 }),
        ...(memory === undefined ? {} : { memory: Math.max(withMargin(memory), MIN_BYTES) }),
      };
    },
  };
}

/** Amounts are whole millicores and bytes there, cut off at every operation. */
function withMargin(amount: number): number {
  const base = Math.trunc(amount);
  return base + Math.trunc(base * MARGIN);
}

interface State {
  readonly cpu: DecayingHistogram;
  readonly memory: DecayingHistogram;
  observe(sample: Sample): void;
  expired(at: number): boolean;
}

function forgetful(): State {
  const cpu = decayingHistogram(CPU_BUCKETS, HALF_LIFE);
  const memory = decayingHistogram(MEMORY_BUCKETS, HALF_LIFE);
  const peaks = new Map<string, (sample: Sample) => void>();
  let alive: number | undefined;
  return {
    cpu,
    memory,
    observe(sample) {
      alive ??= sample.at;
      if (sample.resource === 'cpu') {
        alive = sample.at;
        cpu.add(sample.value, CPU_SAMPLE_WEIGHT, sample.at);
        return;
      }
      const observePeak = peaks.get(sample.pod) ?? peakOf(memory);
      peaks.set(sample.pod, observePeak);
      observePeak(sample);
    },
    expired: (at) => alive !== undefined && at - alive >= INTERVALS * PEAK_INTERVAL,
  };
}

/** One container's peaks: intervals follow each other from its first sample on, and a peak counts from the end of its interval. */
function peakOf(memory: DecayingHistogram): (sample: Sample) => void {
  let end: number | undefined;
  let peak = 0;
  return ({ at, value }) => {
    end ??= at;
    if (at < end) {
      if (value <= peak) return;
      if (peak > 0) memory.subtract(peak, MEMORY_PEAK_WEIGHT, end);
    } else {
      end += (Math.floor((at - end) / PEAK_INTERVAL) + 1) * PEAK_INTERVAL;
    }
    peak = value;
    memory.add(peak, MEMORY_PEAK_WEIGHT, end);
  };
}
