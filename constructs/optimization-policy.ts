import type { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import * as bindings from '../imports/optipod.io.js';
import type { ObjectMetaInput, OptimizationPolicySpecInput, Quantity } from '../imports/types/optimization-policy.js';

/** The fields of an OptimizationPolicy as in YAML, those of `spec` beside `metadata`. */
export interface OptimizationPolicyProps extends OptimizationPolicySpecInput {
  /**
   * @default - the namespace of the chart, and a name that cdk8s derives from the construct's path: give a name where
   * the policy must stay the same one when code moves
   */
  readonly metadata?: ObjectMetaInput;
}

/** An OptimizationPolicy in a chart: how OptiPod right-sizes a set of workloads. */
export class OptimizationPolicy extends Construct {
  readonly apiObject: ApiObject;

  constructor(scope: Construct, id: string, props: OptimizationPolicyProps) {
    super(scope, id);
    const { metadata, ...spec } = props;
    this.apiObject = new bindings.OptimizationPolicy(this, 'Resource', {
      ...(metadata ? { metadata } : {}),
      spec: bound(spec),
    });
  }

  /** The name of the object. */
  get name(): string {
    return this.apiObject.name;
  }
}

/** The bindings take quantities as objects of one class per field; where they have an enum, its values are the union's. */
function bound(spec: OptimizationPolicySpecInput): bindings.OptimizationPolicySpec {
  const { resourceBounds, updateStrategy } = spec;
  const { cpu, memory } = resourceBounds;
  const { gradualDecreaseConfig } = updateStrategy;
  const threshold = gradualDecreaseConfig?.minimumDecreaseThreshold;
  const converted = {
    ...spec,
    resourceBounds: {
      cpu: {
        min: quantity(bindings.OptimizationPolicySpecResourceBoundsCpuMin, cpu.min),
        max: quantity(bindings.OptimizationPolicySpecResourceBoundsCpuMax, cpu.max),
      },
      memory: {
        min: quantity(bindings.OptimizationPolicySpecResourceBoundsMemoryMin, memory.min),
        max: quantity(bindings.OptimizationPolicySpecResourceBoundsMemoryMax, memory.max),
      },
    },
    updateStrategy: {
      ...updateStrategy,
      ...(gradualDecreaseConfig && {
        gradualDecreaseConfig: {
          ...gradualDecreaseConfig,
          ...(threshold !== undefined && {
            minimumDecreaseThreshold: quantity(
              bindings.OptimizationPolicySpecUpdateStrategyGradualDecreaseConfigMinimumDecreaseThreshold,
              threshold,
            ),
          }),
        },
      }),
    },
  };
  return converted as unknown as bindings.OptimizationPolicySpec;
}

function quantity<T>(type: { fromNumber(value: number): T; fromString(value: string): T }, value: Quantity): T {
  return typeof value === 'number' ? type.fromNumber(value) : type.fromString(value);
}
