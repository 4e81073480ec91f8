import { Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { OptimizationPolicy, type OptimizationPolicyProps } from 'optipod';

/** What a team decides; the rest is the platform's. */
export interface Team {
  readonly name: string;
  readonly mode: OptimizationPolicyProps['mode'];
  readonly percentile?: 'P50' | 'P90' | 'P99';
  readonly memory: { readonly min: string; readonly max: string };
}

/** The policy of a team: all namespaces with its label. */
export class TeamPolicy extends Chart {
  constructor(scope: Construct, { name, mode, percentile = 'P90', memory }: Team) {
    super(scope, name, { namespace: `${name}-policies` });
    new OptimizationPolicy(this, 'policy', {
      metadata: { name },
      mode,
      selector: { namespaceSelector: { matchLabels: { team: name } } },
      metricsConfig: { provider: 'prometheus', rollingWindow: '7d', percentile },
      resourceBounds: { cpu: { min: '25m', max: 4 }, memory },
      updateStrategy: {},
    });
  }
}
