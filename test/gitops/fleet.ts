import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import { WORKLOAD_KINDS } from 'optipod/lib/policy';
import { podsOf, resourcesOf } from '../cluster/webhook/pods.js';
import type { Delivery } from './deliveries.js';
import { manifests } from './git.js';
import type { Installation } from './installation.js';
import { KINDS, outside, ownAnnotations, untilSettled } from './outside.js';

/** Workloads that are deployed from Git, in every way there is. */
export interface Fleet {
  readonly namespaces: readonly string[];
  sync(): Promise<void>;
  /** Puts another image into Git, and deploys it. */
  commit(image: string): Promise<void>;
  /** On each workload, without the prefix. */
  annotations(): Promise<readonly Record<string, string>[]>;
  /** All that OptiPod is to leave alone. */
  outside(): Promise<readonly object[]>;
  /** Asks the tools again and again until something is so of all annotations, and once more then; fails where one complains. */
  contentUntil(isSo: (said: Readonly<Record<string, string>>) => boolean): Promise<void>;
  /** CPU requests of the pods of the Deployments. */
  podRequests(): Promise<readonly unknown[]>;
  /** How often the Deployments were rolled out. */
  revisions(): Promise<readonly (string | undefined)[]>;
}

export async function deployed({ world }: Installation, deliveries: readonly Delivery[]): Promise<Fleet> {
  const { client } = world;
  const namespaces = deliveries.map(({ namespace }) => namespace);
  const ofEach = <T>(get: (namespace: string) => Promise<T>) => Promise.all(namespaces.map(get));

  async function deploy({ namespace, sync }: Delivery): Promise<void> {
    await sync();
    await untilSettled(client, namespace);
  }

  async function annotations(of: readonly string[] = namespaces): Promise<Record<string, string>[]> {
    const lists = of.flatMap((namespace) => WORKLOAD_KINDS.map((which) => client.list(KINDS[which], { namespace })));
    return (await Promise.all(lists)).flatMap(({ items }) => items.map(ownAnnotations));
  }

  /**
   * Flux reads an object, and then asks kube-apiserver what it would be after an apply: whatever anybody writes in between, be
   * it an annotation, looks like drift that one time. So a complaint counts unless annotations came just then.
   */
  async function expectContent({ namespace, complaints }: Delivery): Promise<void> {
    for (;;) {
      const before = await annotations([namespace]);
      const complained = await complaints();
      if (complained.length === 0) return;
      if (isDeepStrictEqual(before, await annotations([namespace]))) expect(complained).to.deep.equal([]);
    }
  }

  for (const delivery of deliveries) {
    await world.namespace(delivery.namespace);
    await deploy(delivery);
  }
  return {
    namespaces,
    async sync() {
      for (const { sync } of deliveries) await sync();
    },
    async commit(image) {
      for (const delivery of deliveries) {
        delivery.commit(manifests(delivery.namespace, { image }));
        await deploy(delivery);
      }
    },
    annotations,
    outside: () => ofEach((namespace) => outside(client, namespace)),
    async contentUntil(isSo) {
      const deadline = Date.now() + 60_000;
      for (let isDone = false, said; ; isDone = said.every(isSo)) {
        for (const delivery of deliveries) await expectContent(delivery);
        if (isDone) return;
        said = await annotations();
        if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(said)}`);
      }
    },
    podRequests: () =>
      ofEach(async (namespace) => {
        const [pod] = await podsOf(world, namespace, 'deployment');
        return resourcesOf(pod)?.requests?.cpu;
      }),
    revisions: () =>
      ofEach(async (namespace) => {
        const { metadata } = await client.get(KINDS.Deployment, { namespace, name: 'deployment' });
        return metadata.annotations?.['deployment.kubernetes.io/revision'];
      }),
  };
}
