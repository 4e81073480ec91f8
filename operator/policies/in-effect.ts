import { courseInWords, courseOf, type Stop } from 'optipod/lib/apply';
import { isPaused, PAUSED_ANNOTATION } from 'optipod/lib/optipod';
import type { Cluster, ValidPolicy } from '../cluster.js';
import type { Permissions } from './conditions.js';

/** Why nothing is applied by any policy, where that is so. */
export function stopOf(cluster: Cluster, { dryRun }: { readonly dryRun: boolean }): Stop | undefined {
  const { ownNamespace } = cluster.scope;
  const own = cluster.namespace(ownNamespace);
  if (own && isPaused(own.metadata.annotations)) {
    return { reason: 'Paused', message: `OptiPod is paused by ${PAUSED_ANNOTATION} on the namespace ${ownNamespace}` };
  }
  return dryRun ? { reason: 'DryRun', message: 'OptiPod runs dry (setting dryRun)' } : undefined;
}

/**
 * The policy as it is acted on. While everything is stopped one in mode Auto only recommends: what was to be injected is taken
 * off the workloads, no template changes, and no pod is replaced or resized.
 */
export function policyInEffect(policy: ValidPolicy, stop: Stop | undefined): ValidPolicy {
  if (!stop || policy.spec.mode !== 'Auto') return policy;
  return { ...policy, spec: { ...policy.spec, mode: 'Recommend' } };
}

/** Why nothing is applied, and what would be. */
export function stopped({ spec }: ValidPolicy, { reason, message }: Stop, permissions: Permissions): Stop {
  return { reason, message: `${message}; the policy would ${courseInWords(courseOf(spec, permissions))}` };
}
