import { App, Chart, Testing } from 'cdk8s';
import { OptimizationPolicy, type OptimizationPolicyProps } from '../../../constructs/index.js';

export interface PolicyManifest {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A chart for policies. Not of `Testing.app()`, which makes a folder for each. */
export function chartOfPolicies(): Chart {
  return new Chart(new App(), 'chart', { namespace: 'policies' });
}

/** The manifest of a policy in a chart of its own, after `change`. */
export function synthPolicy(props: OptimizationPolicyProps, change?: (policy: OptimizationPolicy) => void) {
  const chart = chartOfPolicies();
  const policy = new OptimizationPolicy(chart, 'web', props);
  change?.(policy);
  const manifests: unknown[] = Testing.synth(chart);
  return manifests[0] as PolicyManifest;
}
