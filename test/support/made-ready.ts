import { PodKind, type Pod } from 'optipod/kube';
import { createInformer, isConflict, isNotFound, type KubeClient } from '../../operator/runtime/index.js';

/** Stands in for kubelets where there are none: every pod runs and is ready as soon as it is there. */
export interface MadeReady {
  stop(): Promise<void>;
}

/** @param namespace whose pods */
export async function makePodsReady(client: KubeClient, namespace: string): Promise<MadeReady> {
  const stop = new AbortController();
  const pods = createInformer(client, PodKind, { namespace });
  pods.onEvent(async ({ type, object }) => {
    if (type !== 'deleted' && object.metadata.deletionTimestamp === undefined && !isReady(object))
      await start(client, object);
  });
  const ended = pods.run(stop.signal);
  await pods.synced;
  return {
    async stop() {
      stop.abort();
      await ended;
    },
  };
}

function isReady({ status }: Pod): boolean {
  return (status?.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True');
}

async function start(client: KubeClient, { metadata, spec }: Pod): Promise<void> {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const { namespace, name, uid } = metadata;
  const conditions = ['ContainersReady', 'Ready'].map((type) => ({ type, status: 'True', lastTransitionTime: now }));
  const containerStatuses = spec.containers.map((container) => ({
    name: container.name,
    image: 'never-run',
    imageID: '',
    ready: true,
    started: true,
    restartCount: 0,
    state: { running: { startedAt: now } },
  }));
  const body = { metadata: { uid }, status: { phase: 'Running', startTime: now, conditions, containerStatuses } };
  try {
    await client.patch(PodKind, { namespace, name }, body, { type: 'strategic', subresource: 'status' });
  } catch (error) {
    // Gone, or another one of its name.
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}
