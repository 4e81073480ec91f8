import type { MetricsConfigInput, UpdateStrategyInput } from '../../imports/types/optimization-policy.js';

/** Fields of a policy that go well together for one kind of workload; everything else of the policy stays its author's. */
export interface Preset {
  readonly name: string;
  /** Which workloads it is for, in one line. */
  readonly purpose: string;
  readonly metricsConfig: Required<Pick<MetricsConfigInput, 'percentile' | 'safetyFactor' | 'rollingWindow'>>;
  readonly updateStrategy: Pick<
    UpdateStrategyInput,
    'rolloutStrategy' | 'allowInPlaceResize' | 'allowUnsafeMemoryDecrease' | 'gradualDecreaseConfig'
  >;
}
