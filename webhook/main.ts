/** The webhook's process. */
import {
  createClient,
  createLogger,
  createMetrics,
  loadClusterConfig,
  measureProcess,
  runProcess,
} from '@optipod/operator/runtime';
import { webhookSettings } from './settings.js';
import { createWebhook } from './webhook.js';

/** A line for each pod, written one by one, would cost a third of all CPU time. */
const GATHER_MS = 100;

await runProcess(async (signal) => {
  const settings = webhookSettings({ env: process.env, argv: process.argv.slice(2) });
  const log = createLogger({ level: settings.logLevel, gatherMs: GATHER_MS });
  const metrics = createMetrics();
  measureProcess(metrics);
  const client = createClient(await loadClusterConfig(), { log, metrics, userAgent: 'optipod-webhook' });
  await createWebhook({ client, settings, log, metrics }).manager.run(signal);
});
