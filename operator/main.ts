/** The operator's process. */
import { optipod } from 'optipod/lib/optipod';
import { createOperator } from './operator.js';
import {
  createElectedClient,
  createLogger,
  createMetrics,
  loadClusterConfig,
  measureProcess,
  runProcess,
} from './runtime/index.js';
import { operatorSettings } from './settings.js';

/** A pass tells of each workload that it writes to, and lines that are written one by one cost more than what they tell of. */
const GATHER_MS = 100;

await runProcess(async (signal) => {
  const settings = operatorSettings({ env: process.env, argv: process.argv.slice(2) });
  const log = createLogger({ level: settings.logLevel, gatherMs: GATHER_MS });
  const metrics = createMetrics();
  measureProcess(metrics);
  const connection = { name: optipod.name, log, metrics, userAgent: 'optipod-operator' };
  const { client, leaderElection } = createElectedClient(await loadClusterConfig(), settings, connection);
  await createOperator({ client, settings, log, metrics, leaderElection }).run(signal);
});
