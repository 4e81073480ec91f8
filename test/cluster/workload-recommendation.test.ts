import { expect } from 'chai';
import { stringify } from 'yaml';
import { Apiserver, installCrds } from '../documents/apiserver.js';
import { sharedCluster, type Cluster } from '../kit/index.js';

const RECOMMENDATIONS = '/apis/optipod.io/v1alpha1/namespaces/default/workloadrecommendations';

const recommendation = {
  apiVersion: 'optipod.io/v1alpha1',
  kind: 'WorkloadRecommendation',
  metadata: { name: 'deployment-web' },
  spec: {
    workload: { kind: 'Deployment', name: 'web', uid: 'u-1' },
    policy: { namespace: 'default', name: 'web', uid: 'u-2' },
  },
};

const status = {
  containers: [
    {
      name: 'web',
      cpu: {
        current: { request: '100m' },
        recommended: { request: '240m' },
        samples: 20,
        instants: 10,
        steps: [{ step: 'Percentile', value: '200m', message: 'P90 of the last 24h' }],
      },
    },
  ],
  summary: {
    workload: 'Deployment/web',
    cpu: '100m -> 240m',
    memory: '128Mi -> 512Mi',
    state: 'Recommended',
    reason: 'Auto',
  },
};

describe('WorkloadRecommendation', function () {
  this.timeout(120_000);
  let cluster: Cluster;
  let apiserver: Apiserver;

  before(async () => {
    cluster = await sharedCluster('control-plane');
    await installCrds(cluster);
    apiserver = new Apiserver(cluster);
  });
  after(async () => {
    await cluster.kubectl(['delete', 'wrec', '--all'], { allowFailure: true });
    await apiserver.close();
  });

  it('B-OBS-1 reads as a table: workload, now -> recommended, state, reason, age', async () => {
    await cluster.kubectl(['apply', '-f', '-'], { input: stringify({ ...recommendation, status }) });
    const { stdout } = await cluster.kubectl(['get', 'wrec', '-A']);
    const [heading = '', row = ''] = stdout.split('\n');
    expect(heading.trim().split(/\s+/)).to.deep.equal([
      'NAMESPACE',
      'NAME',
      'WORKLOAD',
      'CPU',
      'MEMORY',
      'STATE',
      'REASON',
      'AGE',
    ]);
    expect(row).to.match(/deployment-web +Deployment\/web +100m -> 240m +128Mi -> 512Mi +Recommended +Auto/);
  });

  it('B-OBS-1 is refused for what is no workload', async () => {
    const job = { ...recommendation, spec: { ...recommendation.spec, workload: { kind: 'Job', name: 'x', uid: 'u' } } };
    const refused = await apiserver.refusalOf(RECOMMENDATIONS, job);
    expect(refused?.fields).to.deep.equal(['spec.workload.kind']);
  });
});
