import { expect } from 'chai';
import type { Draft, Pod, WorkloadObject } from 'optipod/kube';
import { writeAnnotations } from 'optipod/lib/api';
import { webhookProof } from '../../../../operator/applying/guards/webhook-proof.js';
import { Cluster } from '../../../../operator/cluster.js';
import { seenPod } from '../../../../operator/usage/pods.js';
import { WORKLOAD_PROJECTIONS, type Workload } from '../../../../operator/workloads/workload.js';

const RETRY_MS = 20_000;
const SAID = { requests: { cpu: '240m' } };
const OWNER = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-1', uid: 'uid-web-1', controller: true };

function deployment(name: string): WorkloadObject {
  const annotations = writeAnnotations({
    policy: { namespace: 'shop', name: 'web', uid: 'uid-policy' },
    lastRecommendation: '2026-03-01T11:00:00Z',
    strategy: 'webhook',
    containers: new Map([['app', SAID]]),
  });
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'shop', name, uid: `uid-${name}`, resourceVersion: '1', creationTimestamp: '', annotations },
    spec: { template: { spec: { containers: [{ name: 'app' }] } } },
  };
}

/** A namespace with the label, Deployments of one pod each, and a webhook behind kube-apiserver that a test takes away. */
function world() {
  const state = {
    now: Date.parse('2026-03-01T12:00:00Z'),
    ready: true,
    mutates: true,
    /** What kube-apiserver refuses every pod with. */
    refused: undefined as Error | undefined,
    bornAt: Date.parse('2026-03-01T11:00:00Z'),
    asked: 0,
  };
  const labels = { 'optipod.io/webhook': 'enabled' };
  const namespaces = { get: () => ({ metadata: { name: 'shop', labels } }) };
  const read = ({ name }: { readonly name: string }) => Promise.resolve(deployment(name));
  const templates = { Deployment: { read }, StatefulSet: { read }, DaemonSet: { read } };
  const prove = webhookProof({
    cluster: new Cluster({ namespaces } as unknown as Cluster['caches'], 'optipod-system'),
    webhookReady: () => state.ready,
    podsOf: () => [seenPod(pod(state.bornAt))],
    templates: templates,
    newborns: {
      create(draft: Draft, options?: { readonly dryRun?: boolean }) {
        expect(options?.dryRun, 'a pod that is stored').to.equal(true);
        state.asked += 1;
        if (state.refused) return Promise.reject(state.refused);
        const app = { name: 'app', ...(state.mutates ? { resources: SAID } : {}) };
        return Promise.resolve({ ...draft, spec: { containers: [app] } } as unknown as Pod);
      },
    },
    retryMs: RETRY_MS,
    now: () => state.now,
  });
  const workload = (name = 'web'): Workload => WORKLOAD_PROJECTIONS.Deployment(deployment(name));
  return { state, workload, reason: async (one = workload()) => (await prove(one))?.reason, prove };
}

/** One that was born with what is said. */
function pod(bornAt: number): Pod {
  return {
    metadata: {
      namespace: 'shop',
      name: 'web-1-abcde',
      uid: 'uid-pod',
      resourceVersion: '1',
      creationTimestamp: new Date(bornAt).toISOString(),
      ownerReferences: [OWNER],
    },
    spec: { containers: [{ name: 'app', resources: SAID }] },
  };
}

describe('the proof that the webhook mutates', () => {
  it('B-APP-10 is fresh for every disruption: a pod born a moment ago does not speak for a webhook that stopped since', async () => {
    const { state, reason } = world();
    state.bornAt = state.now - 2_000;
    expect(await reason()).to.equal(undefined);
    state.now += 1_000;
    state.mutates = false;
    expect(await reason()).to.equal('WebhookNotSeen');
  });

  it('B-APP-10 is asked for anew each time', async () => {
    const { state, reason } = world();
    for (let time = 1; time <= 3; time += 1) {
      expect(await reason()).to.equal(undefined);
      expect(state.asked).to.equal(time);
    }
  });

  it('B-APP-10 is a newborn pod where kube-apiserver makes none as a dry run, as where a quota is used up', async () => {
    const { state, prove, reason } = world();
    state.refused = new Error('exceeded quota');
    state.bornAt = state.now - 10_000;
    expect(await reason()).to.equal(undefined);
    state.now += 60_000;
    expect((await prove(world().workload()))?.message).to.contain('was refused: exceeded quota');
  });

  it('B-APP-10 an unproven webhook is asked again when the setting says so, however often pods change meanwhile', async () => {
    const { state, prove, workload, reason } = world();
    state.mutates = false;
    expect(await prove(workload())).to.include({ reason: 'WebhookNotSeen', retryAfterMs: RETRY_MS });
    state.mutates = true;
    state.now += RETRY_MS - 5_000;
    expect(await prove(workload())).to.include({ reason: 'WebhookNotSeen', retryAfterMs: 5_000 });
    expect(state.asked).to.equal(1);
    state.now += 5_000;
    expect(await reason()).to.equal(undefined);
    expect(state.asked).to.equal(2);
  });

  it('B-APP-10 what one workload waits for keeps no other waiting', async () => {
    const { state, workload, reason } = world();
    state.mutates = false;
    expect(await reason()).to.equal('WebhookNotSeen');
    state.mutates = true;
    expect(await reason(workload('db'))).to.equal(undefined);
  });

  it('B-APP-10 a webhook that was not ready and is again is asked at once', async () => {
    const { state, prove, workload, reason } = world();
    state.mutates = false;
    expect(await reason()).to.equal('WebhookNotSeen');
    state.ready = false;
    expect(await prove(workload())).to.include({ reason: 'WebhookNotReady', retryAfterMs: RETRY_MS });
    Object.assign(state, { ready: true, mutates: true });
    expect(await reason()).to.equal(undefined);
  });
});
