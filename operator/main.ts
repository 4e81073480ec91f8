/** The operator's process. */
import { createOperator } from './operator.js';
import { createClient, createLogger, createMetrics, loadClusterConfig, runProcess } from './runtime/index.js';
import { operatorSettings } from './settings.js';

await runProcess(async (signal) => {
  const settings = operatorSettings({ env: process.env, argv: process.argv.slice(2) });
  const log = createLogger({ level: settings.logLevel });
  const metrics = createMetrics();
  const client = createClient(await loadClusterConfig(), { log, metrics, userAgent: 'optipod-operator' });
  await createOperator({ client, settings, log, metrics }).run(signal);
});
