import { Chart, Testing } from 'cdk8s';
import { expect } from 'chai';
import { OptimizationPolicy, type OptimizationPolicyProps } from '../../../constructs/index.js';

const web = {
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

describe('the OptimizationPolicy construct', () => {
  it('writes every field as it is given', () => {
    const { metadata, ...spec } = web;
    expect(synth(web)).to.deep.equal({
      apiVersion: 'optipod.io/v1alpha1',
      kind: 'OptimizationPolicy',
      metadata: { ...metadata, namespace: 'policies' },
      spec,
    });
  });

  it('leaves out what is not given, so that the defaults of the cluster apply', () => {
    const { mode, selector, metricsConfig, resourceBounds } = web;
    const spec = { mode, selector, metricsConfig, resourceBounds, updateStrategy: {} };
    expect(synth(spec)).to.have.property('spec').that.deep.equals(spec);
  });

  it('has the name that cdk8s derives, where none is given', () => {
    const chart = new Chart(Testing.app(), 'chart');
    const { metadata: _, ...spec } = web;
    expect(new OptimizationPolicy(chart, 'web', spec).name).to.match(/^chart-web-/);
    expect(new OptimizationPolicy(chart, 'named', web).name).to.equal('web');
  });
});

function synth(props: OptimizationPolicyProps): unknown {
  const chart = new Chart(Testing.app(), 'chart', { namespace: 'policies' });
  new OptimizationPolicy(chart, 'web', props);
  const manifests: unknown[] = Testing.synth(chart);
  return manifests[0];
}
