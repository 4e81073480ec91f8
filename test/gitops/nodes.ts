import { Lease, NodeKind, PodKind, type Pod } from 'optipod/kube';
import { createInformer, isConflict, isNotFound, type KubeClient } from '../../operator/runtime/index.js';

/** A node without a kubelet: its pods run as far as the API tells, and nothing of them does. */
export interface FakeNode {
  /** From now on nothing becomes of pods: new ones do not start, resizes are not seen, and none ends. */
  hold(): void;
  /** All that was held back happens. */
  release(): void;
  stop(): Promise<void>;
}

/** Milliseconds; a node whose lease is older than 40 s is taken for lost. */
const RENEW = 5_000;

/** Keeps from a node all pods that do not tolerate it. */
export const FAKE_TAINT = { key: 'fake', effect: 'NoSchedule' };

/** @param isShy whether only pods come that tolerate `FAKE_TAINT`, which DaemonSets of others do not */
export async function fakeNode(client: KubeClient, { isShy = false } = {}): Promise<FakeNode> {
  const name = 'fake';
  const amounts = { cpu: '64', memory: '256Gi', pods: '500' };
  const conditions = [{ type: 'Ready', status: 'True', reason: 'Faked', lastHeartbeatTime: now() }];
  await client.create(NodeKind, {
    metadata: { name },
    spec: isShy ? { taints: [FAKE_TAINT] } : {},
    status: { capacity: amounts, allocatable: amounts, conditions },
  });

  const stopping = new AbortController();
  const { signal } = stopping;
  const failures: unknown[] = [];
  const note = (error: unknown) => {
    if (!signal.aborted) failures.push(error);
  };
  const renew = () =>
    client
      .apply(
        Lease,
        {
          metadata: { namespace: 'kube-node-lease', name },
          spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: now().replace('Z', '000Z') },
        },
        { fieldManager: 'fake-node', force: true },
      )
      .catch(note);
  await renew();
  const renewing = setInterval(() => void renew(), RENEW);

  const pods = createInformer(client, PodKind, { fieldSelector: `spec.nodeName=${name}` });
  let isHeld = false;
  const look = (pod: Pod) => {
    if (isHeld) return;
    void lookAfter(client, pod).catch((error: unknown) => {
      // Of another version by now, or gone, of which the watch tells.
      if (!isConflict(error) && !isNotFound(error)) note(error);
    });
  };
  pods.onEvent(({ type, object }) => {
    if (type !== 'deleted') look(object);
  });
  const running = pods.run(signal).catch(note);
  await pods.synced;
  return {
    hold: () => (isHeld = true),
    release() {
      isHeld = false;
      for (const pod of pods.list()) look(pod);
    },
    async stop() {
      clearInterval(renewing);
      stopping.abort();
      await running;
      await client.delete(NodeKind, { name });
      if (failures.length > 0) throw failures[0];
    },
  };
}

/** What a kubelet would tell of a pod by now. */
async function lookAfter(client: KubeClient, { metadata, spec, status }: Pod): Promise<void> {
  const { namespace = '', name, uid, generation = 1, deletionTimestamp } = metadata;
  if (deletionTimestamp !== undefined) {
    await client.delete(PodKind, { namespace, name }, { gracePeriodSeconds: 0, uid });
    return;
  }
  if (status?.observedGeneration === generation) return;
  const startedAt = now();
  const containerStatuses = spec.containers.map(({ name: container, resources = {} }) => ({
    name: container,
    image: 'fake',
    imageID: 'fake',
    containerID: `fake://${uid}/${container}`,
    ready: true,
    started: true,
    restartCount: 0,
    state: { running: { startedAt } },
    resources,
    allocatedResources: resources.requests ?? {},
  }));
  const conditions = ['Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    type,
    status: 'True',
    observedGeneration: generation,
    lastTransitionTime: status?.conditions?.find((one) => one.type === type)?.lastTransitionTime ?? startedAt,
  }));
  const told = {
    phase: 'Running',
    observedGeneration: generation,
    startTime: startedAt,
    conditions,
    containerStatuses,
  };
  const body = { metadata: { uid }, status: told };
  await client.patch(PodKind, { namespace, name }, body, { type: 'strategic', subresource: 'status' });
}

function now(): string {
  return new Date().toISOString();
}
