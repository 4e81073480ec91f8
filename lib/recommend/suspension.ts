import type { ApplyingState, Suspension } from '../../imports/types/workload-recommendation.js';
import type { ClusterHold } from './input.js';

/**
 * Why nothing is applied to a workload for a while; undefined where it is over, or the template was edited since.
 * @param template a hash of the workload's template as it is
 * @param now seconds since 1970
 */
export function suspensionAt(
  applying: ApplyingState | undefined,
  template: string,
  now: number,
): Suspension | undefined {
  const suspension = applying?.suspension;
  if (!suspension || now >= Date.parse(suspension.until) / 1000) return undefined;
  return suspension.template === undefined || suspension.template === template ? suspension : undefined;
}

/** A suspension holds both resources of every container. */
export function holdOf({ reason, message, until }: Suspension): ClusterHold {
  return { reason, message: `${message}; until ${until}` };
}
