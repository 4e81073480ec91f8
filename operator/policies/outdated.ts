import { policyKey, type Cluster, type ValidPolicy } from '../cluster.js';

/** Whether a policy was edited, deleted or made anew since: what it said then is nobody's wish any more. */
export function isOutdated(policy: ValidPolicy, cluster: Cluster): boolean {
  const now = cluster.policy(policyKey(policy))?.metadata;
  return now?.uid !== policy.metadata.uid || now.generation !== policy.metadata.generation;
}
