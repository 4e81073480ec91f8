/** Requests under way at a time; kube-apiserver takes ten times as many. */
const AT_ONCE = 50;

/** Does something with each, some of it at a time. */
export async function inParallel<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
  atOnce = AT_ONCE,
): Promise<void> {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

/** The whole numbers from 0 to below a count. */
export function indexes(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index);
}
