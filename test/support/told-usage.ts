import type { MetricsProvider } from '../../operator/metrics/reading.js';
import { answeringServer } from './answering-server.js';

/** A Deployment whose one pod used the same all the time; it is long gone, and its usage counts all the same. */
export interface ToldUsage {
  readonly namespace: string;
  readonly workload: string;
  readonly container: string;
  /** Cores. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: number;
}

export interface UsageServerOptions {
  /** Where it listens, and what it is called in its URL. @default 127.0.0.1 */
  readonly host?: string;
  /** Between two samples. @default 60 */
  readonly stepSeconds?: number;
}

/** A server as docs/reference/custom-metrics.md has it, which tells what it is told to tell. */
export interface UsageServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** @param usage is asked for with every request, so that it can change */
export async function startUsageServer(
  usage: () => readonly ToldUsage[],
  { host, stepSeconds = 60 }: UsageServerOptions = {},
): Promise<UsageServer> {
  const server = await answeringServer(undefined, host);
  server.behave(({ parameters }, response) => {
    const namespaces = parameters.getAll('namespace');
    const wanted = usage().filter(({ namespace }) => namespaces.length === 0 || namespaces.includes(namespace));
    const at = instants(Number(parameters.get('from')), Number(parameters.get('to')), stepSeconds);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer(wanted, at)));
  });
  return { url: server.url, stop: () => server.close() };
}

/** The same as a provider of one's own, in the operator's process. */
export function toldProvider(usage: readonly ToldUsage[], stepSeconds = 15): MetricsProvider {
  return {
    name: 'custom',
    intervalMs: 5_000,
    looksBack: true,
    settled: (now) => Math.floor(now / 1000 / stepSeconds) * stepSeconds,
    read: ({ from, to }, sink) => {
      const { owners, samples } = answer(usage, instants(from, to, stepSeconds));
      for (const { namespace, pod, ...owner } of owners) sink.owner(namespace, pod, owner);
      for (const { resource: metric, values, ...of } of samples) {
        sink.samples(
          { ...of, metric },
          { instants: values.map(([at]) => at), values: values.map(([, value]) => value) },
        );
      }
      return Promise.resolve();
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
    owners: usage.map(({ namespace, workload: name }) => ({ namespace, pod: podOf(name), kind: 'Deployment', name })),
    samples: usage.flatMap(({ namespace, workload, container, ...used }) =>
      (['cpu', 'memory'] as const).map((resource) => ({
        namespace,
        pod: podOf(workload),
        container,
        resource,
        values: at.map((instant) => [instant, used[resource]] as const),
      })),
    ),
  };
}

function podOf(workload: string): string {
  return `${workload}-7d4b9c6f5d-x2k9z`;
}
