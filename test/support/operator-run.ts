import { createClient, createLogger, loadClusterConfig } from '@optipod/operator/runtime';
import { createOperator, operatorSettings } from '@optipod/operator';

/** A line of the operator's log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly msg: string };

/** The operator, running in this process. */
export interface RunningOperator {
  readonly log: readonly LogLine[];
  /** `http://…` of /healthz, /readyz and /metrics. */
  readonly health: string;
  /** Resolves when it has stopped in order; rejects with what it failed of, if it did. */
  stop(): Promise<void>;
}

/** Starts it with a kubeconfig's rights; resolves when its caches are synced. @param env its settings, `OPTIPOD_…` */
export async function runOperator(
  kubeconfig: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningOperator> {
  const lines: LogLine[] = [];
  const log = createLogger({ destination: { write: (line) => void lines.push(JSON.parse(line) as LogLine) } });
  const client = createClient(await loadClusterConfig({ kubeconfig }), { log, userAgent: 'optipod-operator' });
  const settings = operatorSettings({ env: { OPTIPOD_HEALTH_PORT: '0', ...env }, argv: [] });
  const manager = createOperator({ client, settings, log });
  const stop = new AbortController();
  const ended = manager.run(stop.signal);
  const address = await Promise.race([manager.listening, ended]);
  if (!address) throw new Error('the operator ended while it was starting');
  return {
    log: lines,
    health: `http://127.0.0.1:${address.port}`,
    async stop() {
      stop.abort();
      await ended;
    },
  };
}
