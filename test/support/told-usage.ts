import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/** A Deployment whose one pod used the same all the time. */
export interface ToldUsage {
  readonly namespace: string;
  readonly workload: string;
  readonly container: string;
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
}

/** A server as docs/reference/custom-metrics.md has it, which tells what it is told to tell. */
export interface UsageServer {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * @param usage is asked for with every request, so that it can change
 * @param stepSeconds from one sample to the next
 */
export async function startUsageServer(
  usage: () => readonly ToldUsage[],
  host = '0.0.0.0',
  stepSeconds = 60,
): Promise<UsageServer> {
  const server: Server = createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://localhost');
    const [from, to] = [Number(searchParams.get('from')), Number(searchParams.get('to'))];
    const namespaces = searchParams.getAll('namespace');
    const wanted = usage().filter(({ namespace }) => namespaces.length === 0 || namespaces.includes(namespace));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer(wanted, instants(from, to, stepSeconds))));
  });
  server.listen(0, host);
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function instants(from: number, to: number, step: number): number[] {
  const first = Math.floor(from / step) + 1;
  const last = Math.floor(to / step);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

function answer(usage: readonly ToldUsage[], at: readonly number[]) {
  return {
    owners: usage.map(({ namespace, workload }) => ({
      namespace,
      pod: podOf(workload),
      kind: 'Deployment',
      name: workload,
    })),
    samples: usage.flatMap(({ namespace, workload, container, cpu, memory }) =>
      [['cpu', cpu] as const, ['memory', memory] as const].map(([resource, amount]) => ({
        namespace,
        pod: podOf(workload),
        container,
        resource,
        values: at.map((instant) => [instant, amount]),
      })),
    ),
  };
}

/** Long gone: its usage counts all the same. */
function podOf(workload: string): string {
  return `${workload}-7d4b9c6f5d-x2k9z`;
}
