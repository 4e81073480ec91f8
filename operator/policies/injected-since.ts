import { sameJson } from 'optipod/kube';
import { readInjection, type Injection } from 'optipod/lib/api';
import { formatInstant } from 'optipod/lib/recommend';
import type { PodsApplication } from '../applying/pods/applications.js';
import type { Cluster } from '../cluster.js';
import type { Workload } from '../workloads/workload.js';
import { isAskedIn } from './conditions.js';

export interface InjectionNow {
  /** The annotations as they are to be. */
  readonly said: Readonly<Record<string, string>>;
  /** What was told of it, RFC 3339. */
  readonly told: string | undefined;
  readonly ofPods: PodsApplication | undefined;
  readonly cluster: Cluster;
  /** Seconds since 1970. */
  readonly now: number;
}

/**
 * Since when new pods of a workload get what its annotations say, RFC 3339; undefined where they do not. The same numbers may be
 * recommended for long before: what a policy in another mode, a pause or a missing label kept from pods of that time, they still
 * have to get.
 */
export function injectedSince(
  { metadata }: Pick<Workload, 'metadata'>,
  { said, told, ofPods, cluster, now }: InjectionNow,
): string | undefined {
  const after = readInjection(said);
  if (!after || !isAskedIn(metadata.namespace, cluster)) return undefined;
  const before = readInjection(metadata.annotations);
  if (!before || !isSame(before, after)) return formatInstant(now);
  const seen = ofPods?.since === undefined ? undefined : formatInstant(ofPods.since);
  const [last = formatInstant(now)] = [seen, told]
    .filter((at) => at !== undefined)
    .sort()
    .reverse();
  return last;
}

function isSame(a: Injection, b: Injection): boolean {
  return a.policyUid === b.policyUid && sameJson(Object.fromEntries(a.containers), Object.fromEntries(b.containers));
}
