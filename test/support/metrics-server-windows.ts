import { setTimeout as pause } from 'node:timers/promises';
import { Apiserver } from '../documents/apiserver.js';
import { isTree, treeAt } from '../documents/tree.js';
import type { Cluster } from '../kit/index.js';
import type { ReadingSpan } from './cgroup-usage.js';

/** Asks metrics-server at intervals over which spans it took the CPU usage of a namespace's pods. */
export function recordMetricsServer(
  cluster: Cluster,
  namespace: string,
  everyMs: number,
): { of(podPrefix: string): readonly ReadingSpan[]; stop(): Promise<void> } {
  const spans = new Map<string, ReadingSpan & { readonly pod: string }>();
  const stopped = new AbortController();
  const apiserver = new Apiserver(cluster);
  async function ask(): Promise<void> {
    const { body } = await apiserver.ask('GET', `/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`);
    for (const item of Array.isArray(body.items) ? body.items.filter(isTree) : []) {
      const pod = String(treeAt(item, 'metadata.name'));
      const second = Date.parse(String(item.timestamp)) / 1000;
      // It is somewhere within the second that is said; the length is said as `10.012s`.
      const to = second + 0.5;
      spans.set(`${pod}/${second}`, { pod, from: to - Number.parseFloat(String(item.window)), to });
    }
  }
  const ended = (async () => {
    while (!stopped.signal.aborted) {
      await ask();
      await pause(everyMs, undefined, { signal: stopped.signal }).catch(() => undefined);
    }
    await apiserver.close();
  })();
  return {
    of: (podPrefix) => [...spans.values()].filter(({ pod }) => pod.startsWith(podPrefix)),
    stop() {
      stopped.abort();
      return ended;
    },
  };
}
