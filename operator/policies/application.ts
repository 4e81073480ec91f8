import { ONLY_RECOMMENDED, type Application } from 'optipod/lib/recommend';
import type { Cluster, ValidPolicy } from '../cluster.js';
import type { Workload } from '../workloads/workload.js';
import { throughWebhook } from './conditions.js';

/** What becomes of what the webhook is told to give to a workload's next pod: whether that gets it, or why not. */
export function applicationOf(
  { spec }: ValidPolicy,
  { metadata }: Pick<Workload, 'metadata'>,
  cluster: Cluster,
  webhookReady: boolean,
): Application {
  if (spec.mode !== 'Auto') return ONLY_RECOMMENDED;
  const { status, reason, message } = throughWebhook([metadata.namespace], cluster, webhookReady);
  return { applied: status === 'True', reason, message };
}
