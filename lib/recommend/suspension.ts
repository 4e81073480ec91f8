import type { ApplyingState, Suspension } from '../../imports/types/workload-recommendation.js';
import type { ClusterHold } from './input.js';

export type { Suspension };

/**
 * Why nothing is applied to a workload for a while; undefined where it is over, or something that ends it was edited since.
 * @param template a hash of the workload's template as it is
 * @param now seconds since 1970
 * @param others hashes of the template without CPU and memory, and of the policy, as they are
 */
export function suspensionAt(
  applying: ApplyingState | undefined,
  template: string,
  now: number,
  others: { readonly besides?: string; readonly policy?: string } = {},
): Suspension | undefined {
  const suspension = applying?.suspension;
  if (!suspension || now >= Date.parse(suspension.until) / 1000) return undefined;
  const isAsBefore = (then: string | undefined, is: string | undefined) => then === undefined || then === is;
  const { besides, policy } = others;
  return isAsBefore(suspension.template, template) &&
    isAsBefore(suspension.besides, besides) &&
    isAsBefore(suspension.policy, policy)
    ? suspension
    : undefined;
}

/** A suspension holds both resources of every container. */
export function holdOf({ reason, message, until }: Suspension): ClusterHold {
  return { reason, message: `${message}; until ${until}` };
}
