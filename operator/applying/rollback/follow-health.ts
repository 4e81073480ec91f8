import { UNREADY_SECONDS, type PodHealth } from 'optipod/lib/apply';
import type { Informer } from '../../runtime/index.js';
import type { SeenPod } from '../../usage/pods.js';
import type { Workload } from '../../workloads/workload.js';

export interface HealthOptions {
  /** Has what became of a pod's workload looked at after a time, in milliseconds. */
  readonly evaluate: (pod: SeenPod, afterMs?: number) => void;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Calls for every pod that is worse off than it was: what became of its workload is to be looked at soon; where it only ceased to
 * be ready, once that has lasted for too long.
 */
export function followHealth(pods: Pick<Informer<SeenPod>, 'onEvent'>, { evaluate, now }: HealthOptions): void {
  pods.onEvent((event) => {
    if (event.type === 'deleted') return;
    const { health } = event.object;
    const before = event.type === 'updated' ? event.previous.health : undefined;
    if (before && isWorse(before, health)) evaluate(event.object);
    const { unreadySince } = health;
    if (unreadySince === undefined || unreadySince === before?.unreadySince) return;
    const left = (unreadySince + UNREADY_SECONDS) * 1000 - now();
    // Of what has lasted for longer the first look is to tell, which a process has when it starts.
    if (left > 0) evaluate(event.object, left);
  });
}

/** Calls for every workload whose rollout failed: a Deployment says so by its status alone. */
export function followRollouts(
  workloads: Pick<Informer<Workload>, 'onEvent'>,
  evaluate: (workload: Workload) => void,
): void {
  workloads.onEvent((event) => {
    if (event.type !== 'updated') return;
    if (event.object.rollout.failed && !event.previous.rollout.failed) evaluate(event.object);
  });
}

function isWorse(before: PodHealth, after: PodHealth): boolean {
  return after.troubles.some(
    ({ container, what, at }) =>
      !before.troubles.some((known) => known.container === container && known.what === what && known.at === at),
  );
}
