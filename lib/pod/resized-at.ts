import type { Pod } from '../kube/index.js';

/** When a pod was last asked to be resized in place, in seconds since 1970: kube-apiserver notes when a subresource was written. */
export function resizedAt({ metadata: { managedFields = [] } }: Pick<Pod, 'metadata'>): number | undefined {
  const times = managedFields.flatMap(({ subresource, time }) =>
    subresource === 'resize' && time !== undefined ? [Date.parse(time) / 1000] : [],
  );
  return times.length === 0 ? undefined : Math.max(...times);
}
