import { join } from 'node:path';
import { expect } from 'chai';
import { treeAt, type Tree } from '../../documents/tree.js';
import { established, waitFor } from '../../kit/index.js';
import { useInstallation } from './installation.js';
import { deployment, namespace, policy, type Name } from './objects.js';

const CRDS = ['scaledobjects.keda.sh', 'verticalpodautoscalers.autoscaling.k8s.io'].map((name) =>
  join(import.meta.dirname, '..', 'crds', `${name}.yaml`),
);

interface Hold {
  readonly reason: string;
  readonly message: string;
}

describe('autoscalers on the same workload', function () {
  this.timeout(120_000);
  const installation = useInstallation();
  const objects = () => installation().objects;
  const web: Name = 'Deployment/scaled/web';
  const metadata = { namespace: 'scaled', name: 'web' };
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };

  before(async () => {
    await objects().create(namespace('scaled'), deployment('scaled', 'web'), policy('scaled', 'web', { mode: 'Auto' }));
    await objects().saying(web, 'is injected', (said) => said['cpu-request.app'] === '240m');
  });

  /** Waits until exactly these resources of the container are held, for these reasons; the policy's interval is an hour. */
  const holding = (wanted: Readonly<Record<string, string>>): Promise<Readonly<Record<string, Hold>>> =>
    waitFor(
      `${web} to be held for ${JSON.stringify(wanted)}`,
      async () => {
        const [app] = treeAt(
          await objects().get('WorkloadRecommendation/scaled/deployment-web'),
          'status.containers',
        ) as Partial<Record<'cpu' | 'memory', { hold?: Hold }>>[];
        const holds: Record<string, Hold> = {};
        for (const resource of ['cpu', 'memory'] as const) {
          const hold = app?.[resource]?.hold;
          if (hold?.reason.startsWith('HeldBy')) holds[resource] = hold;
        }
        const reasons = Object.fromEntries(Object.entries(holds).map(([resource, { reason }]) => [resource, reason]));
        expect(reasons).to.deep.equal(wanted);
        return holds;
      },
      // A kind that comes later is looked for every half minute.
      { timeoutMs: 60_000 },
    );

  const cpuMetric = (target: Tree): Tree => ({ type: 'Resource', resource: { name: 'cpu', target } });
  const hpa = (target: Tree): Tree => ({
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata,
    spec: { scaleTargetRef, minReplicas: 1, maxReplicas: 3, metrics: [cpuMetric(target)] },
  });

  it('B-APP-9 is ready where the kinds of KEDA and of the VPA are not there', async () => {
    const { status } = await fetch(`${installation().operator.health}/readyz`);
    expect(status).to.equal(200);
  });

  it('B-APP-9 an HPA on Utilization: its resource is held and says why, the other goes on', async () => {
    await objects().create(hpa({ type: 'Utilization', averageUtilization: 60 }));
    const { cpu } = await holding({ cpu: 'HeldByHPA' });
    expect(cpu?.message).to.contain('HorizontalPodAutoscaler web');
    // What was last written stays.
    expect(await objects().said(web)).to.include({ 'cpu-request.app': '240m', 'memory-request.app': '240Mi' });
  });

  it('B-APP-9 on AverageValue it does not hold, nor when it is gone', async () => {
    const name: Name = 'HorizontalPodAutoscaler/scaled/web';
    await objects().patch(name, hpa({ type: 'AverageValue', averageValue: '100m', averageUtilization: null }));
    await holding({});
    await objects().patch(name, hpa({ type: 'Utilization', averageUtilization: 60, averageValue: null }));
    await holding({ cpu: 'HeldByHPA' });
    await objects().remove(name);
    await holding({});
  });

  it('B-APP-9 KEDA and the VPA may come later', async () => {
    await installation().cluster.kubectl(['apply', '--server-side', ...CRDS.flatMap((file) => ['-f', file])]);
    await established(installation().cluster, ...CRDS.flatMap((file) => ['-f', file]));
    const triggers = [{ type: 'memory', metricType: 'Utilization', metadata: { value: '60' } }];
    await objects().create({
      apiVersion: 'keda.sh/v1alpha1',
      kind: 'ScaledObject',
      metadata,
      spec: { scaleTargetRef: { name: 'web' }, triggers },
    });
    const { memory } = await holding({ memory: 'HeldByKEDA' });
    expect(memory?.message).to.contain('ScaledObject web');
    await objects().remove('ScaledObject/scaled/web');
    await holding({});
  });

  it('B-APP-9 a VPA holds while it acts, in mode Off it does not', async () => {
    const name: Name = 'VerticalPodAutoscaler/scaled/web';
    await objects().create({
      apiVersion: 'autoscaling.k8s.io/v1',
      kind: 'VerticalPodAutoscaler',
      metadata,
      spec: { targetRef: scaleTargetRef, updatePolicy: { updateMode: 'Recreate' } },
    });
    await holding({ cpu: 'HeldByVPA', memory: 'HeldByVPA' });
    await objects().patch(name, { spec: { updatePolicy: { updateMode: 'Off' } } });
    await holding({});
    await objects().remove(name);
  });
});
