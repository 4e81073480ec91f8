import { ONLY_RECOMMENDED, type Application } from 'optipod/lib/recommend';
import type { PodsApplication } from '../applying/pods/applications.js';
import type { ValidPolicy } from '../cluster.js';
import type { Workload } from '../workloads/workload.js';
import { throughWebhook, type Applying } from './conditions.js';
import { stopped } from './in-effect.js';

/**
 * What becomes of what is recommended for one workload: whether its next pod gets it, or why not.
 * @param ofPods what came of those that run
 */
export function applicationOf(
  policy: ValidPolicy,
  { metadata }: Pick<Workload, 'metadata'>,
  { cluster, webhookReady, stop, permissions }: Applying,
  ofPods: PodsApplication = {},
): Application {
  if (policy.spec.mode !== 'Auto') return ONLY_RECOMMENDED;
  if (stop) return { applied: false, ...stopped(policy, stop, permissions) };
  const { status, reason, message } = throughWebhook([metadata.namespace], cluster, webhookReady);
  const at = ofPods.at === undefined ? {} : { at: ofPods.at };
  if (status === 'True' && ofPods.reason !== undefined) {
    return { applied: ofPods.applied === true, reason: ofPods.reason, message: ofPods.message ?? '', ...at };
  }
  return { applied: status === 'True', reason, message, ...at };
}
