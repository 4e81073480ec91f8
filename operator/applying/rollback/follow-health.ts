import type { PodHealth } from 'optipod/lib/apply';
import type { Informer } from '../../runtime/index.js';
import type { SeenPod } from '../../usage/pods.js';

/** Calls for every pod that is worse off than it was: what became of its workload is to be looked at soon. */
export function followHealth(pods: Informer<SeenPod>, onWorse: (pod: SeenPod) => void): void {
  pods.onEvent((event) => {
    if (event.type !== 'updated') return;
    if (isWorse(event.previous.health, event.object.health)) onWorse(event.object);
  });
}

function isWorse(before: PodHealth, after: PodHealth): boolean {
  return after.troubles.some(
    ({ container, what, at }) =>
      !before.troubles.some((known) => known.container === container && known.what === what && known.at === at),
  );
}
