import { cut } from './cut.js';

/** Characters that a condition's message may have: of a longer one kube-apiserver refuses the whole status. */
export const CONDITION_MESSAGE_LENGTH = 32_768;

/** metav1.Condition. */
export interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
}

/** A condition before it is known when its status last changed. */
export type ConditionNow = Omit<Condition, 'lastTransitionTime'>;

/**
 * The conditions to write: those that hold now, each with the transition time it had if its status is what it was, and with as
 * much of its message as there is room for.
 * @param now RFC 3339, for those whose status flipped.
 */
export function nextConditions(
  previous: readonly Condition[] | undefined,
  current: readonly ConditionNow[],
  now: string,
): Condition[] {
  return current.map((condition) => {
    const before = previous?.find(({ type }) => type === condition.type);
    const lastTransitionTime = before?.status === condition.status ? before.lastTransitionTime : now;
    return { ...condition, message: cut(condition.message, CONDITION_MESSAGE_LENGTH), lastTransitionTime };
  });
}
