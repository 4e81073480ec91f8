import { isDeepStrictEqual } from 'node:util';
import { expect } from 'chai';
import type { Pod } from 'optipod/kube';
import { treeAt } from '../documents/tree.js';
import { waitFor } from '../kit/index.js';
import type { Delivery, Place } from './deliveries.js';
import type { Installation } from './installation.js';
import { outside, ownAnnotations, podsIn, untilSettled, workloadsOf, type Workload } from './outside.js';

/** What there is of one place. */
export interface Sight extends Place {
  readonly workloads: readonly Workload[];
  readonly pods: readonly Pod[];
}

/** Workloads that are deployed from Git by every tool, in places where they get what is recommended in every way. */
export interface Fleet {
  readonly places: readonly Place[];
  sync(): Promise<void>;
  /** Puts another image into Git, and deploys it. */
  commit(image: string): Promise<void>;
  /** On each workload, without the prefix. */
  annotations(): Promise<readonly Record<string, string>[]>;
  /** All that OptiPod is to leave alone. */
  outside(): Promise<readonly object[]>;
  look(): Promise<readonly Sight[]>;
  /** Fails where a tool complains. */
  content(): Promise<void>;
  /** Asks the tools again and again until something is so everywhere, and once more then; fails where one complains. */
  contentUntil(what: string, isSo: (sight: Sight) => boolean | Promise<boolean>): Promise<void>;
  /** Waits until something is so everywhere. */
  until(what: string, isSo: (sight: Sight) => boolean | Promise<boolean>): Promise<void>;
}

const UNTIL = { timeoutMs: 60_000, everyMs: 200 };

export async function deployed({ world }: Installation, deliveries: readonly Delivery[]): Promise<Fleet> {
  const { client } = world;
  const places = deliveries.flatMap((delivery) => delivery.places);

  const look = (of: readonly Place[]) =>
    Promise.all(
      of.map(async (place) => {
        const [workloads, pods] = await Promise.all([
          workloadsOf(client, place.namespace),
          podsIn(client, place.namespace),
        ]);
        return { ...place, workloads, pods };
      }),
    );

  async function notYet(isSo: (sight: Sight) => boolean | Promise<boolean>): Promise<readonly string[]> {
    const sights = await look(places);
    const so = await Promise.all(sights.map(async (sight) => isSo(sight)));
    return sights.filter((_, index) => !so[index]).map(({ namespace }) => namespace);
  }

  async function deploy(delivery: Delivery): Promise<void> {
    await delivery.sync();
    for (const { namespace } of delivery.places) await untilSettled(client, namespace);
  }

  /**
   * Flux reads an object, and then asks kube-apiserver what it would be after an apply: whatever anybody writes in between, be
   * it an annotation, looks like drift that one time. So a complaint counts unless something was written just then.
   */
  async function expectContent({ places: of, complaints }: Delivery): Promise<void> {
    const written = async () =>
      (await look(of)).flatMap(({ workloads }) =>
        workloads.map(({ metadata: { annotations }, spec }) => ({ annotations, spec })),
      );
    for (;;) {
      const before = await written();
      const complained = await complaints();
      if (complained.length === 0) return;
      if (isDeepStrictEqual(before, await written())) expect(complained).to.deep.equal([]);
    }
  }

  async function content(): Promise<void> {
    for (const delivery of deliveries) await expectContent(delivery);
  }

  for (const { namespace } of places) await world.namespace(namespace);
  for (const delivery of deliveries) await deploy(delivery);
  return {
    places,
    async sync() {
      for (const { sync } of deliveries) await sync();
      for (const { namespace } of places) await untilSettled(client, namespace);
    },
    async commit(image) {
      for (const delivery of deliveries) {
        delivery.commit(image);
        await deploy(delivery);
      }
    },
    async annotations() {
      return (await look(places)).flatMap(({ workloads }) => workloads.map(ownAnnotations));
    },
    outside: () => Promise.all(places.map((place) => outside(client, place))),
    look: () => look(places),
    content,
    async contentUntil(what, isSo) {
      const deadline = Date.now() + UNTIL.timeoutMs;
      for (let isDone = false; ;) {
        await content();
        if (isDone) return;
        const missing = await notYet(isSo);
        isDone = missing.length === 0;
        if (Date.now() > deadline) throw new Error(`waited for ${what} in ${missing.join(', ')}`);
      }
    },
    async until(what, isSo) {
      await waitFor(
        what,
        async () => {
          const missing = await notYet(isSo);
          if (missing.length > 0) throw new Error(`not in ${missing.join(', ')}`);
          return true;
        },
        UNTIL,
      );
    },
  };
}

/** What the one container of a pod requests. */
export function podRequests({ spec }: Pod) {
  return spec.containers[0]?.resources?.requests;
}

/** What the templates request of CPU. */
export function templateCpus({ workloads }: Sight): readonly unknown[] {
  return workloads.map((workload) => treeAt(workload, 'spec.template.spec.containers.0.resources.requests.cpu'));
}
