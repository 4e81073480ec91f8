import { unsupportedStrategy } from 'optipod/lib/policy';
import { ONLY_RECOMMENDED, type Application } from 'optipod/lib/recommend';
import type { PodsApplication } from '../applying/pods/applications.js';
import type { Cluster, ValidPolicy } from '../cluster.js';
import type { Workload } from '../workloads/workload.js';
import { throughWebhook } from './conditions.js';

/**
 * What becomes of what is recommended for one workload: whether its next pod gets it, or why not.
 * @param ofPods what came of those that run
 */
export function applicationOf(
  { spec }: ValidPolicy,
  { metadata }: Pick<Workload, 'metadata'>,
  cluster: Cluster,
  webhookReady: boolean,
  ofPods: PodsApplication = {},
): Application {
  if (spec.mode !== 'Auto') return ONLY_RECOMMENDED;
  const unsupported = unsupportedStrategy(spec);
  if (unsupported !== undefined) return { applied: false, reason: 'StrategyNotSupported', message: unsupported };
  const { status, reason, message } = throughWebhook([metadata.namespace], cluster, webhookReady);
  const at = ofPods.at === undefined ? {} : { at: ofPods.at };
  if (status === 'True' && ofPods.reason !== undefined) {
    return { applied: ofPods.applied === true, reason: ofPods.reason, message: ofPods.message ?? '', ...at };
  }
  return { applied: status === 'True', reason, message, ...at };
}
