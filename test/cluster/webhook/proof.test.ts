import { expect } from 'chai';
import { Namespace, PodKind, StatefulSet, use, type WorkloadObject } from 'optipod/kube';
import { webhookProofUses } from 'optipod/lib/optipod';
import type { WorkloadKind } from 'optipod/lib/policy';
import { createAccess } from '@optipod/operator/runtime';
import { webhookProof, type WebhookProof } from '../../../operator/applying/guards/webhook-proof.js';
import { Cluster } from '../../../operator/cluster.js';
import { seenPod, type SeenPod } from '../../../operator/usage/pods.js';
import { WORKLOAD_PROJECTIONS, type Workload } from '../../../operator/workloads/workload.js';
import { waitFor } from '../../kit/index.js';
import { annotationsOf, container, createPolicy, createWorkload, podsOf, WORKLOADS } from './pods.js';
import { World } from './world.js';

const HOUR_MS = 3_600_000;
const RETRY_MS = 60_000;
const SAID = { app: { requests: { cpu: '240m', memory: '240Mi' } } };

describe('the webhook, before pods are replaced for its sake', function () {
  this.timeout(120_000);
  let world: World;
  let prove: WebhookProof;
  let annotations: Record<string, string>;
  let now = 0;
  let ready = true;
  let seen: readonly SeenPod[] = [];
  const stop = new AbortController();

  before(async () => {
    world = await World.start({ name: 'proof', operator: 'certificates' });
    await world.namespace('shop');
    await world.namespace('bare', {});
    annotations = annotationsOf(await createPolicy(world, 'shop', 'web'), SAID);
    const access = createAccess({ client: world.client, namespace: 'optipod-system', fieldManager: 'optipod' });
    const uses = access.to({ ...webhookProofUses, namespaces: use(Namespace, ['watch'], { metadataOnly: true }) });
    const namespaces = uses.namespaces.informer;
    void namespaces.run(stop.signal);
    await namespaces.synced;
    prove = webhookProof({
      cluster: new Cluster({ namespaces } as unknown as Cluster['caches'], 'optipod-system'),
      webhookReady: () => ready,
      podsOf: () => seen,
      templates: {
        Deployment: uses.deploymentTemplates,
        StatefulSet: uses.statefulSetTemplates,
        DaemonSet: uses.daemonSetTemplates,
      },
      newborns: uses.newborns,
      retryMs: RETRY_MS,
      now: () => now,
    });
  });

  after(async () => {
    stop.abort();
    await world.stop();
  });

  beforeEach(() => {
    now = Date.now();
    ready = true;
  });

  /** The workload with its pods, as the operator knows them. */
  async function known(kind: WorkloadKind, object: WorkloadObject, pods = 1): Promise<Workload> {
    const { namespace = '', name } = object.metadata;
    seen = (await podsOf(world, namespace, name, pods)).map(seenPod);
    return WORKLOAD_PROJECTIONS[kind](await world.client.get(WORKLOADS[kind], { namespace, name }));
  }

  const podCount = async () => (await world.client.list(PodKind, { namespace: 'shop' })).items.length;

  it('B-APP-10 is seen by a dry run of a newborn pod, which is stored nowhere', async () => {
    const web = await known('Deployment', await createWorkload(world, 'shop', 'web', { annotations }));
    now += HOUR_MS;
    const before = await podCount();
    expect(await prove(web)).to.equal(undefined);
    expect(await podCount()).to.equal(before);
  });

  it('B-APP-10 is not seen while it is down, and again when it is back', async () => {
    const web = await known('Deployment', await createWorkload(world, 'shop', 'down', { annotations }));
    now += HOUR_MS;
    await world.stopWebhook();
    try {
      const refusal = await prove(web);
      expect(refusal).to.include({ reason: 'WebhookNotSeen', retryAfterMs: RETRY_MS });
      expect(refusal?.message).to.contain('did not get what its annotations say');
    } finally {
      await world.startWebhook();
    }
    now += RETRY_MS;
    expect(await prove(web)).to.equal(undefined);
  });

  it('B-APP-10 is seen for the workload itself: other annotations than the webhook gives do not count', async () => {
    const web = await known('Deployment', await createWorkload(world, 'shop', 'other', { annotations }));
    now += HOUR_MS;
    const gone = annotationsOf({ namespace: 'shop', name: 'gone', uid: 'gone' }, SAID);
    const object = { metadata: { annotations: gone } };
    await world.client.patch(WORKLOADS.Deployment, { namespace: 'shop', name: 'other' }, object, { type: 'merge' });
    expect((await prove(web))?.reason).to.equal('WebhookNotSeen');
  });

  it('B-APP-10 of a StatefulSet with claims, and of a DaemonSet', async () => {
    const labels = { app: 'db' };
    const volumeMounts = [{ name: 'data', mountPath: '/data' }];
    const db = await world.client.create(StatefulSet, {
      metadata: { namespace: 'shop', name: 'db', annotations },
      spec: {
        serviceName: 'db',
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container('app', undefined, { volumeMounts })] } },
        volumeClaimTemplates: [
          {
            metadata: { name: 'data' },
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
          },
        ],
      },
    });
    const stateful = await known('StatefulSet', db);
    now += HOUR_MS;
    expect(await prove(stateful)).to.equal(undefined);
    const agent = await createWorkload(world, 'shop', 'agent', { kind: 'DaemonSet', annotations });
    const daemon = await known('DaemonSet', agent, 0);
    seen = [{ ...seenPod(await anyPod()), spec: { containers: [container('app')] } }];
    expect(await prove(daemon)).to.equal(undefined);
  });

  it('B-APP-10 a pod that would be refused is told with the reason', async () => {
    const web = await known('Deployment', await createWorkload(world, 'shop', 'refused', { annotations }));
    now += HOUR_MS;
    const hard = { pods: '0' };
    await world.apply([
      { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { namespace: 'shop', name: 'none' }, spec: { hard } },
    ]);
    // kube-apiserver hears of a quota a moment after it was stored.
    const refusal = await waitFor('a refusal', async () => ((now += HOUR_MS), prove(web)));
    expect(refusal.reason).to.equal('WebhookNotSeen');
    expect(refusal.message).to.match(/was refused: .*quota/);
  });

  it('B-APP-10 nothing is asked where no webhook pod is ready, or the namespace has no label', async () => {
    const web = await known('Deployment', await createWorkload(world, 'bare', 'web', { annotations }));
    expect((await prove(web))?.reason).to.equal('NamespacesNotLabelled');
    ready = false;
    const labelled = { ...web, metadata: { ...web.metadata, namespace: 'shop' } };
    expect((await prove(labelled))?.reason).to.equal('WebhookNotReady');
  });

  async function anyPod() {
    const [pod] = await podsOf(world, 'shop', 'web');
    if (!pod) throw new Error('there is no pod');
    return pod;
  }
});
