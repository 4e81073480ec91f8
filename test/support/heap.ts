import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collectOnce = runInNewContext('gc') as () => void;

/** Collects everything that is not held. */
export async function collect(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    collectOnce();
    // What finalizers let go of is collected by the next round.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Bytes that are held, after everything that is not has been collected. */
export async function heldBytes(): Promise<number> {
  await collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
