/** A process of `runProcess`, for its test: `run-process.ts WAY`, with one line on standard output when it has begun. */
import { setTimeout as pause } from 'node:timers/promises';
import { createLogger, runProcess } from '@optipod/operator/runtime';

const WAYS: Readonly<Record<string, (signal: AbortSignal) => Promise<void>>> = {
  orderly: async (signal) => {
    // As the servers and watches of a real one do.
    const alive = setInterval(() => undefined, 1000);
    await stopped(signal);
    clearInterval(alive);
  },
  failing: () => Promise.reject(new Error('logLevel is "loud"; it must be debug or info')),
  stuck: () => pause(60_000),
  /** Something keeps the event loop alive that nobody ends. */
  leaving: async (signal) => {
    setInterval(() => undefined, 1000);
    await stopped(signal);
  },
};

const log = createLogger();

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve()));
}

await runProcess(async (signal) => {
  log.info('begun');
  await WAYS[process.argv[2] ?? '']?.(signal);
  log.info('done');
});
