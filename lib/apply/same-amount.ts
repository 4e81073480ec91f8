import type { ResourceName } from '../api/index.js';
import { compareQuantities, parseQuantity } from '../kube/index.js';

/** CPU goes through shares of 1/1024 core on its way to the kernel, and comes back rounded. Nanocores. */
const CPU_ROUNDING = 2_000_000n;

/** Whether a container has another amount than its spec says. What the kubelet does not say is not held against it. */
export function isOther(
  resource: ResourceName,
  wanted: string | number | undefined,
  has: string | number | undefined,
): boolean {
  const [a, b] = [parseQuantity(wanted ?? ''), parseQuantity(has ?? '')];
  if (!a || !b) return false;
  if (resource === 'memory') return compareQuantities(a, b) !== 0;
  const apart = a.nanos - b.nanos;
  return (apart < 0n ? -apart : apart) > CPU_ROUNDING;
}
