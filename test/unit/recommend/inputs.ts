import type { PodSpec, ResourceRequirements } from 'optipod/kube';
import type { ResourceName } from 'optipod/lib/api';
import { recommend, type RecommendationInput, type ResourceRecommendation } from 'optipod/lib/recommend';
import { pool, type ContainerUsage, type PodSeries, type Usage } from 'optipod/lib/usage';
import type { OptimizationPolicy } from '../../../imports/types/optimization-policy.js';
import { policyOf } from '../lib/policies.js';

export const MEBI = 2 ** 20;
export const GIBI = 2 ** 30;

/** Now, in all these tests. */
export const NOW = Date.parse('2026-01-02T12:00:00Z') / 1000;
export const DAY = 86_400;

/** Usage that was always the same, or went through these values in turn, over a day up to now unless told otherwise. */
export function usageOf(resource: ResourceName, values: readonly number[], span = DAY, to = NOW): Usage {
  const count = Math.max(values.length, 24);
  const samples = Array.from({ length: count }, (_, i): [number, number] => [
    to - span + (span * (i + 1)) / count,
    values[i % values.length] ?? Number.NaN,
  ]);
  return pooled([{ ...OF, pod: 'web-1', resource, samples }]);
}

/** Cores that each pod used all day. */
export function usageByPod(cores: Readonly<Record<string, number>>): Usage {
  const hours = Array.from({ length: 24 }, (_, hour) => NOW - hour * 3600);
  return pooled(
    Object.entries(cores).map(([pod, value]) => ({
      ...OF,
      pod,
      resource: 'cpu',
      samples: hours.map((at): [number, number] => [at, value]),
    })),
  );
}

const OF = { namespace: 'shop', container: 'web' };

function pooled(series: readonly PodSeries[]): Usage {
  const usage = pool(series);
  if (!usage) throw new Error('no usage');
  return usage;
}

/** What these tests vary. Amounts of usage are cores or bytes. */
export interface Given {
  readonly resource?: ResourceName;
  /** Usage of the resource; see `usageOf`. */
  readonly values?: readonly number[];
  readonly usage?: ContainerUsage;
  readonly resources?: ResourceRequirements;
  readonly pod?: PodSpec;
  readonly mode?: OptimizationPolicy['spec']['mode'];
  readonly metrics?: object;
  readonly bounds?: object;
  readonly strategy?: object;
  readonly settings?: Partial<RecommendationInput['settings']>;
  readonly rest?: Partial<RecommendationInput>;
}

/** A policy of the documents' defaults but for a factor of 1.2, and one container. */
export function input(given: Given): RecommendationInput {
  const { resource = 'cpu', values, usage, resources, pod, settings, rest } = given;
  const { mode = 'Auto', metrics, bounds, strategy } = given;
  const { spec } = policyOf({
    mode,
    metricsConfig: { provider: 'prometheus', ...metrics },
    resourceBounds: { cpu: { min: '100m', max: '2000m' }, memory: { min: '64Mi', max: '8Gi' }, ...bounds },
    updateStrategy: strategy ?? {},
  });
  return {
    container: 'web',
    resource,
    resources,
    pod: pod ?? { containers: [{ name: 'web', ...(resources ? { resources } : {}) }] },
    usage: { ...(values ? { [resource]: usageOf(resource, values) } : {}), ...usage },
    minSamples: 10,
    now: NOW,
    settings: { memoryHeadroom: 0.15, minChange: 0.05, staleAfter: 900, ...settings },
    spec,
    ...rest,
  };
}

export function recommended(given: Given): ResourceRecommendation {
  return recommend(input(given));
}

/** The names of the steps that were told. */
export function told({ steps }: ResourceRecommendation): string[] {
  return steps.map(({ step }) => step);
}
