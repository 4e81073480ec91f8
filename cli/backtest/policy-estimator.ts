import type { ResourceName } from '../../lib/api/index.js';
import {
  durationOf,
  parseSetting,
  quantityOf,
  quantityToNumber,
  type PodSpec,
  type ResourceRequirements,
} from '../../lib/kube/index.js';
import { OPERATOR_SETTINGS } from '../../lib/optipod/index.js';
import {
  minSamplesOf,
  recommend,
  type GradualState,
  type RecommendationSettings,
  type RecommendingSpec,
} from '../../lib/recommend/index.js';
import type { ContainerUsage } from '../../lib/usage/index.js';
import type { Estimation, Estimator } from './estimator.js';
import { slidingPeak } from './peak.js';
import { slidingWindow, type WindowUsage } from './window.js';

/** A container whose author asked for nothing: no limit caps, and no QoS class holds, what is recommended. */
const CONTAINER = 'main';
const POD: PodSpec = { containers: [{ name: CONTAINER }] };

/** OptiPod under a policy, as an operator without settings of its own: the operator's own recommendation. */
export function policyEstimator(name: string, spec: RecommendingSpec): Estimator {
  // Whatever the policy does with it: here every recommendation comes into effect.
  const inEffect: RecommendingSpec = {
    ...spec,
    mode: 'Auto',
    updateStrategy: { ...spec.updateStrategy, strategy: 'webhook' },
  };
  return { name, start: () => estimation(inEffect) };
}

function estimation(spec: RecommendingSpec): Estimation {
  const windowMs = durationOf(spec.metricsConfig.rollingWindow);
  const windows = { cpu: slidingWindow(windowMs / 1000), memory: slidingWindow(windowMs / 1000) };
  const peaks = slidingPeak(Math.max(windowMs, defaultOf('memoryPeakWindow')) / 1000);
  const settings: RecommendationSettings = {
    memoryHeadroom: defaultOf('memoryHeadroom'),
    minChange: defaultOf('minChange'),
    staleAfter: defaultOf('staleAfter') / 1000,
  };
  const minSamples = minSamplesOf(spec, defaultOf('minSamples'));
  let standing: ResourceRequirements = {};
  let gradual: GradualState | undefined;

  function request(resource: ResourceName, usage: ContainerUsage, now: number): Partial<Record<ResourceName, number>> {
    const made = recommend({
      container: CONTAINER,
      ...{ resource, resources: undefined, pod: POD, spec, usage, minSamples, now, settings, standing },
      ...(resource === 'memory' && gradual ? { gradual } : {}),
      stepInEffect: true,
    });
    if (made.hold || made.request === undefined) return {};
    standing = { requests: { ...standing.requests, [resource]: made.request } };
    if (resource === 'memory') gradual = made.gradual;
    return { [resource]: quantityToNumber(quantityOf(made.request)) };
  }

  return {
    observe(sample) {
      windows[sample.resource].add(sample);
      if (sample.resource === 'memory') peaks.add(sample.at, sample.value);
    },
    recommend(at) {
      const usage = containerUsage(windows.cpu.usage(at), windows.memory.usage(at), peaks.peak(at));
      return { ...request('cpu', usage, at), ...request('memory', usage, at) };
    },
  };
}

function containerUsage(
  cpu: WindowUsage | undefined,
  memory: WindowUsage | undefined,
  memoryPeak: ContainerUsage['memoryPeak'],
): ContainerUsage {
  const unexplained = { podsAbove: () => [] };
  return {
    ...(cpu ? { cpu: { ...cpu, ...unexplained } } : {}),
    ...(memory ? { memory: { ...memory, ...unexplained } } : {}),
    ...(memoryPeak ? { memoryPeak } : {}),
  };
}

/** What an operator goes by that was told nothing: a share, a number, or milliseconds. */
function defaultOf(name: 'memoryHeadroom' | 'memoryPeakWindow' | 'minChange' | 'minSamples' | 'staleAfter'): number {
  const setting = OPERATOR_SETTINGS[name];
  return Number(parseSetting(setting, `the default of ${name}`, setting.default));
}
