import type { ConditionNow } from 'optipod/kube';
import type { EventDraft } from '../runtime/index.js';

type Said = Pick<ConditionNow, 'type' | 'status' | 'reason' | 'message'>;

/**
 * What a change of a policy's conditions is worth telling: that something does not work, why when the reason is another, and
 * that it works again. What stays as it is was told.
 */
export function eventsOf(before: readonly Said[] | undefined, after: readonly Said[]): EventDraft[] {
  return after.flatMap(({ type, status, reason, message }): EventDraft[] => {
    const previous = before?.find((condition) => condition.type === type);
    if (previous?.status === status && previous.reason === reason) return [];
    if (status === 'False') return [{ type: 'Warning', reason, message }];
    return status === 'True' && previous?.status === 'False' ? [{ type: 'Normal', reason, message }] : [];
  });
}
