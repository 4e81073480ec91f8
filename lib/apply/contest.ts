import type { ApplyingState, Suspension } from '../../imports/types/workload-recommendation.js';
import { formatInstant, resourcesOf } from '../recommend/index.js';
import { REGRESSED } from './breaker.js';
import { advice } from './manager-advice.js';
import { originalsOf, appliedWith } from './originals.js';
import { isRolledBack, ROLLED_BACK } from './rolled-back.js';
import { takenBack, type TakenAmount } from './taken-back.js';
import { amountOf, fieldName, type TemplateWorkload } from './template.js';

export type { ApplyingState };

const SSA_CONFLICT = 'SSAConflict';

/** Characters; the API allows some more. */
const LONGEST_MESSAGE = 1000;

/** Being taken back so often within an hour is a tug of war. */
const TUG_OF_WAR = 2;
const HOUR = 3600;

/** What is remembered at most of being taken back; the API allows no more. */
const MOST_REMEMBERED = 8;

export interface ContestInput {
  readonly applying: ApplyingState;
  readonly workload: TemplateWorkload & { readonly content: string };
  readonly updateRequestsOnly: boolean;
  /** Its UID and generation in one. */
  readonly policy: string;
  /** Seconds since 1970. */
  readonly now: number;
  /** Seconds that OptiPod keeps away from a workload that somebody else fights for. */
  readonly holdoff: number;
  /** Why it keeps away already: then nobody fights. */
  readonly suspension: Suspension | undefined;
}

export interface Contest {
  /** What is to be remembered from now on. */
  readonly applying: ApplyingState;
  /** What to tell people: SSAConflict or RolledBack; what was taken back, by whom, and what to change. */
  readonly told?: { readonly reason: string; readonly message: string };
}

/**
 * What becomes of what is remembered where somebody took something back: with the second time within an hour a suspension, with a
 * rollback at once.
 */
export function contested(input: ContestInput): Contest {
  const { workload, updateRequestsOnly, policy, now, holdoff, suspension: standing } = input;
  const { released, ...applying } = input.applying;
  const all = takenBack(input.applying, workload, updateRequestsOnly);
  if (all.length === 0 && released === undefined) return { applying };
  const taken = all.filter((one) => !isGivenUp(one, applying, standing));
  const next: ApplyingState = {
    ...applying,
    originals: originalsOf(applying, workload),
    applied: appliedWith(applying, workload, []),
  };
  if (taken.length === 0) return { applying: next };
  const isUndone = isRolledBack(taken, applying, workload);
  // What regressed goes back once, and what somebody says of it since stands; a rollback does for as long as any other.
  if (standing && !(standing.reason === REGRESSED && isUndone)) return { applying: next };
  const by = taken.find((one) => one.by !== undefined)?.by ?? 'somebody';
  const what = taken.map((one) => `${fieldName(one)} ${one.from ?? ''} -> ${one.value ?? 'nothing'}`).join(', ');
  const suspended = (reason: string, message: string): Suspension => ({
    reason,
    message: message.slice(0, LONGEST_MESSAGE),
    since: formatInstant(now),
    until: formatInstant(now + holdoff),
    content: workload.content,
    policy,
  });
  const stops = `OptiPod applies nothing here until ${formatInstant(now + holdoff)}, or until the policy or the template is edited`;
  if (isUndone) {
    const message = `${by} rolled back what OptiPod applied: ${what}`;
    const suspension = suspended(ROLLED_BACK, message);
    return { applying: { ...next, suspension }, told: { reason: ROLLED_BACK, message: `${message}; ${stops}` } };
  }
  const recent = (applying.takenBack ?? []).filter(({ at }) => Date.parse(at) / 1000 > now - HOUR);
  const again = [...recent, { at: formatInstant(now), by }].slice(-MOST_REMEMBERED);
  const message = `${by} took back what OptiPod applied: ${what}; ${advice(by)}`;
  if (again.length < TUG_OF_WAR) {
    return { applying: { ...next, takenBack: again }, told: { reason: SSA_CONFLICT, message } };
  }
  const times = `${by} took back what OptiPod applied ${again.length} times within an hour; ${advice(by)}`;
  return {
    applying: { ...next, takenBack: again, suspension: suspended(SSA_CONFLICT, times) },
    told: { reason: SSA_CONFLICT, message: `${message}; ${stops}` },
  };
}

/** What a workload that goes back has no more, and never had before OptiPod, was taken away by OptiPod itself. */
function isGivenUp(one: TakenAmount, { change, originals }: ApplyingState, standing: Suspension | undefined): boolean {
  if (standing?.reason !== REGRESSED || one.value !== undefined) return false;
  const says = (containers: ApplyingState['originals']) => amountOf(resourcesOf(containers), one) !== undefined;
  return says(standing.containers) && !says(change?.containers) && !says(originals);
}

/** What is remembered once OptiPod writes to the template no more: whatever becomes of it then is nobody's taking back. */
export function letGo(applying: ApplyingState, now: number): ApplyingState {
  const { takenBack: _, ...rest } = applying;
  if (rest.released !== undefined || (rest.applied ?? []).length === 0) return rest;
  return { ...rest, released: formatInstant(now) };
}

/** The same without a suspension that is over, and without what led to it: a tug of war begins anew. */
export function withoutPast(applying: ApplyingState, suspension: Suspension | undefined): ApplyingState {
  const reason = applying.suspension?.reason;
  if ((reason !== SSA_CONFLICT && reason !== ROLLED_BACK) || suspension) return applying;
  const { suspension: _, takenBack: __, ...rest } = applying;
  return rest;
}
