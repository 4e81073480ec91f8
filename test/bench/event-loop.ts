import { readFileSync } from 'node:fs';
import { PodKind } from 'optipod/kube';
import { createClient, createController, createInformer } from '../../operator/runtime/index.js';
import { startReplay } from './replay.js';

/**
 * The longest that anything else would have waited: CPU time that the main thread spent between two turns of the event loop,
 * while 5,000 pods are listed and 500 of them change each second.
 */
export async function eventLoop(): Promise<string[]> {
  const replay = await startReplay();
  const client = createClient(replay.config);
  const pods = createInformer(client, PodKind);
  const stop = new AbortController();
  const controller = createController({ name: 'bench', concurrency: 4, reconcile: () => Promise.resolve() });
  pods.onEvent(({ type, object: { metadata } }) => {
    controller.enqueue(`${metadata.namespace ?? ''}/${metadata.name}`, { priority: type === 'added' ? 'low' : 'high' });
  });
  const running = [controller.run(stop.signal)];
  const slices = watchSlices();
  running.push(pods.run(stop.signal));
  await pods.synced;
  while ((await replay.counts()).watches === 0);
  const listing = slices.take();
  await replay.emit(2_500, 500);
  await new Promise((resolve) => setTimeout(resolve, 5_500));
  const watching = slices.stop();
  stop.abort();
  await client.close();
  await Promise.all(running);
  await replay.stop();
  const of = (list: number[]) => `${list.reduce((a, b) => Math.max(a, b)).toFixed(1)} ms`;
  return [
    `event loop: longest slice ${of(listing)} while 5,000 pods are listed (target 20 ms)`,
    `event loop: longest slice ${of(watching)} while 500 of them change a second`,
  ];
}

/** CPU time of the main thread in each turn of the event loop, in milliseconds. */
function watchSlices() {
  let slices: number[] = [];
  let last = mainThreadMs();
  let handle: NodeJS.Immediate;
  const look = () => {
    const now = mainThreadMs();
    slices.push(now - last);
    last = now;
    handle = setImmediate(look);
  };
  handle = setImmediate(look);
  const take = () => {
    const taken = slices;
    slices = [];
    return taken;
  };
  return {
    take,
    stop() {
      clearImmediate(handle);
      return take();
    },
  };
}

/** The first field of schedstat: nanoseconds on a processor. */
function mainThreadMs(): number {
  return Number(readFileSync(`/proc/self/task/${String(process.pid)}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}
