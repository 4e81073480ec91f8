import { setTimeout as pause } from 'node:timers/promises';
import { isAlreadyExists, isNotFound } from '@optipod/operator/runtime';
import fc from 'fast-check';
import { EVICTING, IMMEDIATE, nameOf, TIERS, type Fleet, type Tier } from './fleet.js';

/** Something that people do to workloads and policies, or that changes what is used. */
export type Deed =
  | { readonly does: 'deploy'; readonly image: string }
  | { readonly does: 'scale'; readonly replicas: number }
  /** Another policy, or none. */
  | { readonly does: 'relabel'; readonly tier: Tier | null }
  | { readonly does: 'opt out'; readonly ignore: 'true' | null }
  | { readonly does: 'delete'; readonly anew: boolean }
  | { readonly does: 'delete a pod' }
  | { readonly does: 'undo' }
  | { readonly does: 'restart' }
  | { readonly does: 'use'; readonly cpu: number; readonly mebibytes: number }
  | { readonly does: 'edit the policy'; readonly tier: Tier; readonly spec: object };

export interface RandomEvent {
  /** When, as a share of the time that all of them take. */
  readonly at: number;
  /** Which workload, and in whose namespace. */
  readonly workload: number;
  readonly deed: Deed;
}

const tier = fc.constantFrom(...TIERS);

const policyEdit: fc.Arbitrary<object> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(1.1, 1.3, 1.6, 2).map((safetyFactor) => ({ metricsConfig: { safetyFactor } })),
  },
  { weight: 2, arbitrary: fc.constantFrom(EVICTING, IMMEDIATE).map((updateStrategy) => ({ updateStrategy })) },
  { weight: 2, arbitrary: fc.constantFrom('Auto', 'Auto', 'Recommend', 'Disabled').map((mode) => ({ mode })) },
);

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('deploy' as const),
      image: fc.integer({ min: 1, max: 999 }).map((tag) => `app:${String(tag)}`),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('scale' as const), replicas: fc.integer({ min: 1, max: 4 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      does: fc.constant('relabel' as const),
      tier: fc.oneof({ weight: 3, arbitrary: tier }, { weight: 1, arbitrary: fc.constant(null) }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ does: fc.constant('opt out' as const), ignore: fc.constantFrom('true' as const, null) }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('delete' as const), anew: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant<Deed>({ does: 'delete a pod' }) },
  { weight: 1, arbitrary: fc.constant<Deed>({ does: 'undo' }) },
  { weight: 1, arbitrary: fc.constant<Deed>({ does: 'restart' }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('use' as const),
      cpu: fc.constantFrom(0.06, 0.1, 0.2, 0.4),
      mebibytes: fc.constantFrom(70, 80, 120, 160),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: fc.constant('edit the policy' as const), tier, spec: policyEdit }) },
);

/** The same for the same seed, in the order of time. */
export function randomEvents(count: number, workloads: number, seed: number): RandomEvent[] {
  const event = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    workload: fc.integer({ min: 0, max: workloads - 1 }),
    deed,
  });
  return fc.sample(event, { seed, numRuns: count }).sort((a, b) => a.at - b.at);
}

/** Has all of them happen, each at its time and whatever others are under way. @returns how many of each there were */
export async function haveHappen(
  events: readonly RandomEvent[],
  fleet: Fleet,
  withinMs: number,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  await Promise.all(
    events.map(async ({ at, workload, deed: one }) => {
      await pause(at * withinMs);
      counts[one.does] = (counts[one.does] ?? 0) + 1;
      await happen(one, workload, fleet);
    }),
  );
  return counts;
}

async function happen(one: Deed, index: number, fleet: Fleet): Promise<void> {
  switch (one.does) {
    case 'deploy':
      return fleet.editImage(index, one.image);
    case 'scale':
      return fleet.edit(index, { spec: { replicas: one.replicas } });
    case 'relabel':
      return fleet.edit(index, { metadata: { labels: { tier: one.tier } } });
    case 'opt out':
      return fleet.edit(index, { metadata: { annotations: { 'optipod.io/ignore': one.ignore } } });
    case 'delete':
      await fleet.deleteWorkload(index);
      if (!one.anew) return undefined;
      return fleet.create(index).catch((error: unknown) => {
        if (!isAlreadyExists(error) && !isNotFound(error)) throw error;
      });
    case 'delete a pod':
      return fleet.deletePod(index);
    case 'undo':
      return fleet.undo(index);
    case 'restart':
      return fleet.restart(index);
    case 'use':
      fleet.usage[index] = { cpu: one.cpu, memory: one.mebibytes * 2 ** 20 };
      return undefined;
    case 'edit the policy':
      return fleet.editPolicy(nameOf(index).namespace, one.tier, one.spec);
  }
}
