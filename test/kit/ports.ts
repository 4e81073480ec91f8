import { createServer } from 'node:net';

// Handed out but perhaps not yet listened on: two clusters may start at the same time in one process.
const claimed = new Set<number>();

/** The wanted port if it is free on `host`, or another free one. */
export async function freePort(host: string, wanted?: number): Promise<number> {
  for (const candidate of wanted === undefined ? [0] : [wanted, 0]) {
    const port = claimed.has(candidate) ? undefined : await probe(host, candidate);
    if (port === undefined || claimed.has(port)) continue;
    claimed.add(port);
    return port;
  }
  return freePort(host);
}

export function giveBack(ports: Iterable<number>): void {
  for (const port of ports) claimed.delete(port);
}

function probe(host: string, port: number): Promise<number | undefined> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(undefined));
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
