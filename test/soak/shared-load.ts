import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Work that the pods of a workload do together, each an equal part of it, as behind a Service. */
export interface SharedLoad {
  readonly port: number;
  /** From now on. @param cores of all pods together */
  set(cores: number): void;
  stop(): Promise<void>;
}

/** Pods ask each second; one that has not for so long takes no part. */
const ASKING_MS = 3_000;

/** Answers the load program's `--follow`: the percentage of a core that the pod is to use that asks. */
export async function shareLoad(): Promise<SharedLoad> {
  let cores = 0;
  const asked = new Map<string, number>();
  const server = createServer(({ socket: { remoteAddress = '' } }, response) => {
    const now = Date.now();
    asked.set(remoteAddress, now);
    for (const [address, at] of asked) if (now - at > ASKING_MS) asked.delete(address);
    response.end(String((cores * 100) / asked.size));
  });
  await once(server.listen(0, '0.0.0.0'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    set: (now) => void (cores = now),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
