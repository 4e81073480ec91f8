import type { OptimizationPolicySpec } from '../../imports/types/optimization-policy.js';
import type { ResourceName } from '../../lib/api/index.js';
import { durationOf, quantityOf, quantityToNumber, type PodSpec } from '../../lib/kube/index.js';
import { OPERATOR_SETTINGS } from '../../lib/optipod/index.js';
import { recommend } from '../../lib/recommend/index.js';
import type { ContainerUsage, Usage } from '../../lib/usage/index.js';
import type { Estimation, Estimator } from './estimator.js';
import { slidingPeak } from './peak.js';
import { slidingWindow } from './window.js';

type Spec = Pick<OptimizationPolicySpec, 'metricsConfig' | 'resourceBounds' | 'updateStrategy'>;

/** How far back the highest working set is remembered where the policy's own window is shorter. */
const PEAK_WINDOW_MS = durationOf('14d');

/** A container whose author asked for nothing: no limit caps, and no QoS class holds, what is recommended. */
const POD: PodSpec = { containers: [{ name: 'main' }] };

/** OptiPod under a policy: the operator's own recommendation, made of what a window of past samples says. */
export function policyEstimator(name: string, spec: Spec): Estimator {
  return { name, start: () => estimation(spec) };
}

function estimation(spec: Spec): Estimation {
  const windowMs = durationOf(spec.metricsConfig.rollingWindow);
  const windows = { cpu: slidingWindow(windowMs / 1000), memory: slidingWindow(windowMs / 1000) };
  const peaks = slidingPeak(Math.max(windowMs, PEAK_WINDOW_MS) / 1000);
  return {
    observe(sample) {
      windows[sample.resource].add(sample);
      if (sample.resource === 'memory') peaks.add(sample.at, sample.value);
    },
    recommend(at) {
      const usage = containerUsage(windows.cpu.usage(at), windows.memory.usage(at), peaks.peak(at));
      return { ...request('cpu', usage, spec), ...request('memory', usage, spec) };
    },
  };
}

function containerUsage(
  cpu: Usage | undefined,
  memory: Usage | undefined,
  memoryPeak: ContainerUsage['memoryPeak'],
): ContainerUsage {
  return { ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}), ...(memoryPeak ? { memoryPeak } : {}) };
}

function request(resource: ResourceName, usage: ContainerUsage, spec: Spec): Partial<Record<ResourceName, number>> {
  const minSamples =
    spec.metricsConfig.metricsServer?.minSamplesRequired ?? Number(OPERATOR_SETTINGS.minSamples.default);
  const made = recommend({ resource, resources: undefined, pod: POD, spec, usage: usage[resource], minSamples });
  return made.request === undefined ? {} : { [resource]: quantityToNumber(quantityOf(made.request)) };
}
