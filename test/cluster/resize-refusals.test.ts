import { expect } from 'chai';
import { kind, Namespace, NodeKind, PodKind, type Pod } from 'optipod/kube';
import { evictionRefusal, planResize, resizeRefusal, type ResizePatch } from 'optipod/lib/apply';
import {
  ApiError,
  createClient,
  isConflict,
  loadClusterConfig,
  type KubeClient,
} from '../../operator/runtime/index.js';
import { OLDEST, orSkip } from '../kit/extras.js';
import { kubeconfigOf, sharedCluster, startCluster, type Cluster } from '../kit/index.js';

const SPACE = 'refusals';
const NODE = 'small';
const ServiceAccount = kind('', 'v1', 'ServiceAccount', 'serviceaccounts');

/** What `lib/apply` reads from messages is what the kube-apiservers say, of which each version has its own words. */
for (const version of ['newest', OLDEST]) {
  describe(`what kube-apiserver, ${version}, says to a resize`, function () {
    this.timeout(60_000);
    let cluster: Cluster;
    let client: KubeClient;

    before(async function () {
      cluster = await orSkip(this, async () =>
        version === OLDEST ? await startCluster({ name: 'refusals', version }) : await sharedCluster('control-plane'),
      );
      client = createClient(await loadClusterConfig({ kubeconfig: cluster.kubeconfig }));
      await client.create(Namespace, { metadata: { name: SPACE } });
      // Without managers nobody makes it, and pods are refused.
      await client.apply(ServiceAccount, { metadata: { namespace: SPACE, name: 'default' } }, { fieldManager: 'test' });
      await client.create(NodeKind, { metadata: { name: NODE } });
      const status = { status: { allocatable: { cpu: '2', memory: '2Gi', pods: '10' } } };
      await client.patch(NodeKind, { name: NODE }, status, { type: 'merge', subresource: 'status' });
    });

    after(async () => {
      await client.delete(NodeKind, { name: NODE });
      await client.delete(Namespace, { name: SPACE });
      await client.close();
      if (version === OLDEST) await cluster.stop();
    });

    const container = {
      name: 'app',
      image: 'never-run',
      resources: { requests: { cpu: '100m', memory: '64Mi' }, limits: { memory: '128Mi' } },
    };

    async function pod(name: string, resources: object = container.resources): Promise<Pod> {
      return client.create(PodKind, {
        metadata: { namespace: SPACE, name },
        spec: { nodeName: NODE, automountServiceAccountToken: false, containers: [{ ...container, resources }] },
      });
    }

    function resize({ metadata }: Pod, step: ResizePatch, as = client): Promise<Pod> {
      const body = { metadata: { uid: metadata.uid }, spec: step };
      const ref = { namespace: SPACE, name: metadata.name };
      return as.patch(PodKind, ref, body, { type: 'strategic', subresource: 'resize' });
    }

    const to = (resources: object): ResizePatch => ({ containers: [{ name: 'app', resources }] });

    async function refusalOf(asked: Promise<Pod>): Promise<string | undefined> {
      try {
        await asked;
        return undefined;
      } catch (error) {
        if (error instanceof ApiError)
          return resizeRefusal(error.code, error.status)?.reason ?? `none: ${error.message}`;
        throw error;
      }
    }

    it('B-APP-6 takes the steps of a plan, one after the other', async () => {
      const before = await pod('planned');
      const wanted = { requests: { cpu: '50m', memory: '96Mi' }, limits: { memory: '192Mi' } };
      const plan = planResize(before.spec, new Map([['app', wanted]]), []);
      expect(plan.outcome).to.equal('resize');
      let now = before;
      for (const step of plan.outcome === 'resize' ? plan.steps : []) now = await resize(now, step);
      expect(now.metadata.uid).to.equal(before.metadata.uid);
      expect(now.spec.containers[0]?.resources).to.deep.equal(wanted);
      expect(await client.discover(PodKind)).to.include('pods/resize');
    });

    it('B-APP-6 a lower limit of memory is taken from 1.34 on', async () => {
      const lower = to({ requests: { memory: '32Mi' }, limits: { memory: '96Mi' } });
      const refusal = await refusalOf(resize(await pod('lower'), lower));
      expect(refusal).to.equal(version === OLDEST ? 'InPlaceResizeUnavailable' : undefined);
    });

    it('B-APP-6 another QoS class is not to be had in place', async () => {
      const bare = await pod('bare', {});
      const requests = { cpu: '100m', memory: '64Mi' };
      expect(await refusalOf(resize(bare, to({ requests })))).to.equal('InPlaceResizeUnavailable');
      expect(planResize(bare.spec, new Map([['app', { requests }]]), [])).to.include({ reason: 'BestEffortPod' });
    });

    it('B-APP-8 a request above its limit is Invalid', async () => {
      expect(await refusalOf(resize(await pod('above'), to({ requests: { memory: '1Gi' } })))).to.equal('Invalid');
    });

    it('B-APP-6 more than the node has is Infeasible, where kube-apiserver looks after that', async () => {
      const refusal = await refusalOf(resize(await pod('huge'), to({ requests: { cpu: '100' } })));
      expect(refusal).to.equal(version === OLDEST ? undefined : 'Infeasible');
    });

    it('B-APP-6 who has not the right is Forbidden, to resize and to evict', async () => {
      await client.create(ServiceAccount, { metadata: { namespace: SPACE, name: 'nobody' } });
      const account = { namespace: SPACE, name: 'nobody' };
      const nobody = createClient(await loadClusterConfig({ kubeconfig: await kubeconfigOf(cluster, account) }));
      const target = await pod('target');
      expect(await refusalOf(resize(target, to({ requests: { cpu: '200m' } }), nobody))).to.equal('Forbidden');
      const ref = { namespace: SPACE, name: 'target' };
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: ref };
      let said: unknown;
      await nobody.createSubresource(PodKind, ref, 'eviction', eviction).catch((error: unknown) => (said = error));
      expect(said instanceof ApiError && evictionRefusal(said.code, said.status)?.reason).to.equal('Forbidden');
      await nobody.close();
    });

    it('B-OPR-1 a namesake of the pod that was meant is not resized', async () => {
      const gone = { ...(await pod('namesake')), metadata: { ...(await pod('other')).metadata, name: 'namesake' } };
      let said: unknown;
      await resize(gone, to({ requests: { cpu: '200m' } })).catch((error: unknown) => (said = error));
      expect(isConflict(said), String(said)).to.equal(true);
    });

    it('B-APP-7 two budgets on one pod are told as such', async () => {
      const PodDisruptionBudget = kind('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets');
      const ref = { namespace: SPACE, name: 'twice' };
      const spec = { nodeName: NODE, automountServiceAccountToken: false, containers: [container] };
      await client.create(PodKind, { metadata: { ...ref, labels: { app: 'twice' } }, spec });
      const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
      await client.patch(PodKind, ref, { status }, { type: 'merge', subresource: 'status' });
      for (const name of ['one', 'two']) {
        const selector = { matchLabels: { app: 'twice' } };
        await client.create(PodDisruptionBudget, {
          metadata: { namespace: SPACE, name },
          spec: { minAvailable: 0, selector },
        });
      }
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: ref };
      let said: unknown;
      await client.createSubresource(PodKind, ref, 'eviction', eviction).catch((error: unknown) => (said = error));
      expect(said instanceof ApiError && evictionRefusal(said.code, said.status)).to.deep.include({
        reason: 'BlockedByPDB',
      });
    });
  });
}
