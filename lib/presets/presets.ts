import type { Preset } from './preset.js';

/**
 * The presets that OptiPod ships. Each page in docs/presets says what its numbers are for and where they come from; none is
 * the result of trying numbers out on traces.
 */
export const PRESETS = [
  {
    name: 'steady',
    purpose: 'services with a daily and a weekly rhythm, on clusters where a change costs a restart',
    metricsConfig: { percentile: 'P90', safetyFactor: 1.2, rollingWindow: '8d' },
    updateStrategy: {},
  },
  {
    name: 'responsive',
    purpose: 'services whose load moves with the hours, on clusters that resize running pods',
    metricsConfig: { percentile: 'P99', safetyFactor: 1.15, rollingWindow: '3h' },
    updateStrategy: { allowInPlaceResize: true },
  },
  {
    name: 'latency',
    purpose: 'services that must not wait for CPU, whatever an idle reserve costs',
    metricsConfig: { percentile: 'P99', safetyFactor: 1.3, rollingWindow: '8d' },
    updateStrategy: {},
  },
  {
    name: 'batch',
    purpose: 'workers that pause for most of the day and run for the rest',
    metricsConfig: { percentile: 'P99', safetyFactor: 1.1, rollingWindow: '2d' },
    updateStrategy: {},
  },
  {
    name: 'memory',
    purpose: 'JVMs, caches and databases, which keep what they once took',
    metricsConfig: { percentile: 'P99', safetyFactor: 1, rollingWindow: '30d' },
    updateStrategy: { gradualDecreaseConfig: { enabled: true } },
  },
  {
    name: 'economy',
    purpose: 'development environments, where an OOM kill annoys and an idle reserve costs',
    metricsConfig: { percentile: 'P90', safetyFactor: 1, rollingWindow: '24h' },
    updateStrategy: { allowUnsafeMemoryDecrease: true },
  },
] as const satisfies readonly Preset[];

export type PresetName = (typeof PRESETS)[number]['name'];
