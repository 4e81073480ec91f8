import type { OptimizationPolicySpec } from '../../imports/types/optimization-policy.js';
import { policyValidator } from '../../lib/api/index.js';
import { PRESETS, type Preset } from '../../lib/presets/index.js';
import type { Estimator } from './estimator.js';
import { krr } from './krr.js';
import { policyEstimator } from './policy-estimator.js';
import { vpa } from './vpa.js';

/** What every backtest compares: the references, the documents' default policy, every preset. */
export function standardEstimators(): Estimator[] {
  const presets = PRESETS.map((preset: Preset) => policyEstimator(`optipod/${preset.name}`, specOf(preset)));
  return [vpa, krr, policyEstimator('optipod/default', specOf({})), ...presets];
}

/** A policy of which only how it recommends matters, with bounds that no usage comes near. */
function specOf(fields: Partial<Pick<Preset, 'metricsConfig' | 'updateStrategy'>>): OptimizationPolicySpec {
  const written = {
    apiVersion: 'optipod.io/v1alpha1',
    kind: 'OptimizationPolicy',
    metadata: { name: 'backtest' },
    spec: {
      mode: 'Recommend',
      selector: { workloadTypes: { include: ['Deployment'] } },
      metricsConfig: { provider: 'prometheus', ...fields.metricsConfig },
      resourceBounds: { cpu: { min: '1m', max: '10k' }, memory: { min: '1Mi', max: '1Pi' } },
      updateStrategy: { ...fields.updateStrategy },
    },
  };
  return (policyValidator.withDefaults(written) as { spec: OptimizationPolicySpec }).spec;
}
