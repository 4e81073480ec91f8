import type { Status } from '../kube/index.js';

/** Why kube-apiserver did not do what it was asked. */
export interface ResizeRefusal {
  /**
   * Infeasible: the node is too small. InPlaceResizeUnavailable: not in place, for this pod. Forbidden: the right is missing. Invalid: what was asked is not
   * understood. Refused: by somebody's admission, a quota among them.
   */
  readonly reason: 'Infeasible' | 'InPlaceResizeUnavailable' | 'Forbidden' | 'Invalid' | 'Refused';
  /** In the server's words. */
  readonly message: string;
}

/** What RBAC says to whoever has not the right: the code alone is also that of a quota, and of a node that is too small. */
const MISSING_RIGHT = /\bUser "[^"]*" cannot \w+ resource\b/;

/** From 1.35 on kube-apiserver refuses at once what a node can never give; before, the kubelet said so in a condition. */
const TOO_SMALL = "didn't have enough allocatable resources";

/** In 1.33 a limit of memory is not lowered; in any version no QoS class changes, and some pods are not resized at all. */
const NOT_IN_PLACE =
  /memory limits cannot be decreased|QOS Class may not change|cannot be (removed|resized)|may not be (removed|resized)|resize is not supported/i;

/** @returns undefined where it refused for no reason of this pod's: a conflict, a server in trouble */
export function resizeRefusal(code: number, { message = '' }: Pick<Status, 'message'>): ResizeRefusal | undefined {
  if (code === 403) {
    if (message.includes(TOO_SMALL)) return { reason: 'Infeasible', message };
    return { reason: MISSING_RIGHT.test(message) ? 'Forbidden' : 'Refused', message };
  }
  if (code !== 400 && code !== 422) return undefined;
  return { reason: NOT_IN_PLACE.test(message) ? 'InPlaceResizeUnavailable' : 'Invalid', message };
}

export interface EvictionRefusal {
  /** BlockedByPDB: a budget allows no disruption now, or there are several, which the eviction API does not support. */
  readonly reason: 'BlockedByPDB' | 'Forbidden' | 'Refused';
  readonly message: string;
}

const SEVERAL_BUDGETS = 'more than one PodDisruptionBudget';

/** @returns undefined likewise */
export function evictionRefusal(
  code: number,
  { message = '', details }: Pick<Status, 'message' | 'details'>,
): EvictionRefusal | undefined {
  if (code === 429) {
    // The cause names the budget, and how many pods it wants and has.
    const causes = (details?.causes ?? []).flatMap((cause) => cause.message ?? []);
    return { reason: 'BlockedByPDB', message: [message, ...causes].join(' ') };
  }
  if (code === 500 && message.includes(SEVERAL_BUDGETS)) return { reason: 'BlockedByPDB', message };
  if (code !== 403) return undefined;
  return { reason: MISSING_RIGHT.test(message) ? 'Forbidden' : 'Refused', message };
}
