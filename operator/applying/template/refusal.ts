import { ApiError, isConflict } from '../../runtime/index.js';

/** Why kube-apiserver does not take a template, and what somebody could do about it. */
export interface WriteRefusal {
  readonly reason: 'Forbidden' | 'Invalid';
  readonly message: string;
}

const SUGGESTIONS = {
  Forbidden:
    'an admission controller or missing rights are in the way: see kubectl auth can-i patch deployments.apps -n NAMESPACE ' +
    '--as=system:serviceaccount:NAMESPACE:NAME of the operator, and install OptiPod anew if that says no',
  Invalid:
    'something in the template or the namespace does not go with it: see limits, LimitRanges and admission webhooks, narrow ' +
    'resourceBounds, or leave the container out with optipod.io/ignore-containers',
} as const;

/** An admission webhook denies with 400 or 403, as it likes. */
const REASONS: Readonly<Record<number, WriteRefusal['reason']>> = { 400: 'Invalid', 403: 'Forbidden', 422: 'Invalid' };

/** @returns undefined for what may be otherwise at the next try: a conflict, an outage */
export function refusalIn(error: unknown): WriteRefusal | undefined {
  if (isConflict(error)) return undefined;
  if (!(error instanceof ApiError)) return undefined;
  const reason = REASONS[error.code];
  return reason && { reason, message: `${error.status.message ?? error.message}; ${SUGGESTIONS[reason]}` };
}
