import { PodKind } from 'optipod/kube';
import type { KubeClient } from '../../runtime/index.js';

/** A cluster that is upgraded is found to have it soon enough. */
const ASK_AGAIN_MS = 600_000;

/** Whether kube-apiserver has `pods/resize`: asked once where it has, now and then where it has not. */
export function resizeDiscovery(client: Pick<KubeClient, 'discover'>, now: () => number): () => Promise<boolean> {
  let isServed = false;
  let askedAt = Number.NEGATIVE_INFINITY;
  return async () => {
    if (isServed || now() < askedAt + ASK_AGAIN_MS) return isServed;
    isServed = (await client.discover(PodKind)).includes('pods/resize');
    askedAt = now();
    return isServed;
  };
}
