import type { OptimizationPolicyProps } from '../../../constructs/index.js';

/** A policy with something in every part. */
export const web = {
  metadata: { name: 'web', labels: { team: 'web' } },
  mode: 'Recommend',
  weight: 200,
  selector: {
    namespaceSelector: { matchLabels: { team: 'web' } },
    workloadSelector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['front'] }] },
    workloadTypes: { include: ['Deployment'] },
  },
  metricsConfig: { provider: 'prometheus', rollingWindow: '7d', percentile: 'P99', safetyFactor: 1.5 },
  resourceBounds: { cpu: { min: '50m', max: 4 }, memory: { min: '64Mi', max: '8Gi' } },
  updateStrategy: {
    strategy: 'webhook',
    limitConfig: {},
    gradualDecreaseConfig: { enabled: true, minimumDecreaseThreshold: '50Mi' },
  },
  reconciliationInterval: '1m',
} satisfies OptimizationPolicyProps;
