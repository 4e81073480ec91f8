import type { ApplyingState, Suspension } from '../../imports/types/workload-recommendation.js';
import type { ClusterHold } from './input.js';

export type { Suspension };

/** What a workload and its policy are at a moment. */
export interface AsTheyAre {
  /** A hash of what the workload's author says in its template. */
  readonly content: string;
  /** The policy's UID and generation in one; absent where that is not asked. */
  readonly policy?: string;
}

/**
 * Why nothing is applied to a workload for a while; undefined where it is over, or something that ends it was edited since.
 * @param now seconds since 1970
 */
export function suspensionAt(
  applying: ApplyingState | undefined,
  { content, policy }: AsTheyAre,
  now: number,
): Suspension | undefined {
  const suspension = applying?.suspension;
  if (!suspension || now >= Date.parse(suspension.until) / 1000) return undefined;
  const isAsBefore = (then: string | undefined, is: string | undefined) =>
    then === undefined || is === undefined || then === is;
  return isAsBefore(suspension.content, content) && isAsBefore(suspension.policy, policy) ? suspension : undefined;
}

/** A suspension holds both resources of every container. */
export function holdOf({ reason, message, until }: Suspension): ClusterHold {
  return { reason, message: `${message}; until ${until}` };
}
