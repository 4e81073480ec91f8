import { ADMISSION_SETTINGS, type OperatorDefinition, namesOf } from 'optipod/kube';
import {
  type SettingSources,
  createClient,
  createLogger,
  createMetrics,
  loadClusterConfig,
  measureProcess,
  readSettings,
  runProcess,
} from '@optipod/operator/runtime';
import { createDeclaredWebhook } from './declared-webhook.js';

/**
 * The process of a declared operator's admission handlers: reads its settings (ADMISSION_SETTINGS), connects as a pod does or
 * with a kubeconfig, and serves until SIGTERM. What goes wrong at the start is one line on stderr, and exit code 1.
 */
export async function runAdmission(
  definition: OperatorDefinition,
  { env, argv }: Pick<SettingSources, 'env' | 'argv'> = { env: process.env, argv: process.argv.slice(2) },
): Promise<void> {
  await runProcess(async (signal) => {
    const settings = readSettings(ADMISSION_SETTINGS, { env, argv });
    const log = createLogger({ level: settings.logLevel });
    const metrics = createMetrics();
    measureProcess(metrics);
    const userAgent = namesOf(definition).admission;
    const client = createClient(await loadClusterConfig(), { log, metrics, userAgent });
    const { manager } = createDeclaredWebhook(definition, {
      client,
      log,
      metrics,
      health: { port: settings.healthPort },
      server: { port: settings.port, drainMs: settings.drain },
      ...(settings.namespace === undefined ? {} : { namespace: settings.namespace }),
      ...(settings.certificateSecret === undefined ? {} : { certificateSecret: settings.certificateSecret }),
    });
    await manager.run(signal);
  });
}
