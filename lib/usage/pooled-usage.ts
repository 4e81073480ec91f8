import type { Series, Span, UsageCollection } from './series.js';
import { Sketch } from './sketch.js';
import type { PodPercentile, Usage } from './usage.js';

/** Pods by name, each with its series by what was measured. */
type Pods<M extends string> = ReadonlyMap<string, Readonly<Record<M, Series | undefined>>>;

/**
 * What all pods of a workload used within a span, together.
 * @returns undefined where no sample is within it
 */
export function pooledUsage<M extends string>(pods: Pods<M>, metric: M, span: Span): Usage | undefined {
  const sketch = new Sketch();
  const instants = new Set<number>();
  const chunks = new Map<number, number>();
  let from = Infinity;
  let to = -Infinity;
  const collection: UsageCollection = {
    sketch,
    instant(at) {
      instants.add(at);
      from = Math.min(from, at);
      to = Math.max(to, at);
    },
    chunk(end, length, count) {
      // Pods are sampled together: of a chunk there are as many instants as the pod has that was there for most of it.
      chunks.set(end, Math.max(count, chunks.get(end) ?? 0));
      from = Math.min(from, Math.max(end - length, span.from));
      to = Math.max(to, end);
    },
  };
  let contributing = 0;
  for (const pod of pods.values()) {
    const before = sketch.count;
    pod[metric]?.collect(span, collection);
    if (sketch.count > before) contributing += 1;
  }
  if (sketch.count === 0) return undefined;
  return {
    samples: sketch.count,
    instants: [...chunks.values()].reduce((sum, count) => sum + count, instants.size),
    from,
    to,
    max: sketch.max,
    percentile: (p) => sketch.percentile(p),
    podsAbove(p, times) {
      const least = sketch.percentile(p) * times;
      // Most often one pod is all there is, or even the highest sample is below, and no pod need be looked at.
      if (sketch.max < least || (contributing === 1 && times > 1 && least > 0)) return [];
      return podPercentiles(pods, metric, span, p)
        .filter(({ value }) => value >= least)
        .sort((a, b) => b.value - a.value || (a.pod < b.pod ? -1 : 1));
    },
  };
}

/** The mean of the samples of all pods within a span, within 1 %. */
export function pooledMean<M extends string>(pods: Pods<M>, metric: M, span: Span): number | undefined {
  const sketch = new Sketch();
  for (const pod of pods.values()) pod[metric]?.collect(span, collectingInto(sketch));
  return sketch.count === 0 ? undefined : sketch.mean();
}

function podPercentiles<M extends string>(pods: Pods<M>, metric: M, span: Span, p: number): PodPercentile[] {
  return [...pods].flatMap(([pod, history]) => {
    const sketch = new Sketch();
    history[metric]?.collect(span, collectingInto(sketch));
    return sketch.count === 0 ? [] : [{ pod, value: sketch.percentile(p) }];
  });
}

function collectingInto(sketch: Sketch) {
  return { sketch, instant: () => undefined, chunk: () => undefined };
}
