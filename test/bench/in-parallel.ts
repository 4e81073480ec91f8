/** Requests under way at a time; kube-apiserver takes ten times as many. */
const AT_ONCE = 50;

/** Does something so many times, some of it at a time. */
export async function inParallel(times: number, work: (index: number) => Promise<unknown>): Promise<void> {
  const waiting = Array.from({ length: times }, (_, index) => index).values();
  const worker = async () => {
    for (const index of waiting) await work(index);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
