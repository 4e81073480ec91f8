import { WORKLOAD_KINDS } from 'optipod/lib/policy';
import { answeringServer } from '../support/answering-server.js';

/** What each container uses, from an instant on (milliseconds since 1970). */
export interface Usage {
  readonly since: number;
  readonly cores: number;
  readonly bytes: number;
}

/** Usage of a pod of each workload of `manifests`, told by a server for the provider custom; it changes when told to. */
export interface UsageServer {
  readonly url: string;
  /** In order of time. */
  change(usage: Usage): void;
  close(): Promise<void>;
}

/** Seconds. */
const STEP = 15;

/** Nothing is used before the first change. */
export async function usageServer(): Promise<UsageServer> {
  const server = await answeringServer();
  const usages: Usage[] = [];
  const at = (seconds: number) => usages.findLast(({ since }) => since <= seconds * 1000);

  server.behave(({ parameters }, response) => {
    const from = Number(parameters.get('from'));
    const to = Number(parameters.get('to'));
    const instants: number[] = [];
    for (let instant = (Math.floor(from / STEP) + 1) * STEP; instant <= to; instant += STEP) instants.push(instant);
    const pods = parameters.getAll('namespace').flatMap((namespace) =>
      WORKLOAD_KINDS.map((kind) => ({
        namespace,
        pod: `${kind.toLowerCase()}-measured`,
        kind,
        name: kind.toLowerCase(),
      })),
    );
    const samples = pods.flatMap(({ namespace, pod }) => {
      const of = { namespace, pod, container: 'app' };
      return [
        { ...of, resource: 'cpu', values: instants.map((instant) => [instant, at(instant)?.cores ?? 0]) },
        { ...of, resource: 'memory', values: instants.map((instant) => [instant, at(instant)?.bytes ?? 0]) },
      ];
    });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ owners: pods, samples }));
  });
  return { url: server.url, change: (usage) => usages.push(usage), close: () => server.close() };
}
