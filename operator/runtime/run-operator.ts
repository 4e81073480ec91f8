import { CONTROLLERS_SETTINGS, type OperatorDefinition } from 'optipod/kube';
import { loadClusterConfig } from './config.js';
import { createDeclaredOperator } from './declared-operator.js';
import { createElectedClient } from './elected-client.js';
import { createLogger } from './log.js';
import { createMetrics, measureProcess } from './metrics.js';
import { runProcess } from './process.js';
import { type SettingSources, readSettings } from './settings.js';

/**
 * The process of a declared operator's controllers: reads its settings (`--log-level`, `LOG_LEVEL`, …: CONTROLLERS_SETTINGS),
 * connects as a pod does or with a kubeconfig, and works while it leads, until SIGTERM. What goes wrong at the start is one
 * line on stderr, and exit code 1.
 */
export async function runOperator(
  definition: OperatorDefinition,
  { env, argv }: Pick<SettingSources, 'env' | 'argv'> = { env: process.env, argv: process.argv.slice(2) },
): Promise<void> {
  await runProcess(async (signal) => {
    const settings = readSettings(CONTROLLERS_SETTINGS, { env, argv });
    const log = createLogger({ level: settings.logLevel });
    const metrics = createMetrics();
    measureProcess(metrics);
    const connection = { name: definition.name, log, metrics, userAgent: definition.name };
    const { client, leaderElection } = createElectedClient(await loadClusterConfig(), settings, connection);
    const manager = createDeclaredOperator(definition, {
      client,
      log,
      metrics,
      health: { port: settings.healthPort },
      keepCertificate: settings.certificateMode === 'self',
      ...(settings.namespace === undefined ? {} : { namespace: settings.namespace }),
      ...(leaderElection ? { leaderElection } : {}),
    });
    await manager.run(signal);
  });
}
