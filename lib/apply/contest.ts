import type { ApplyingState, Suspension } from '../../imports/types/workload-recommendation.js';
import { formatInstant, resourcesOf } from '../recommend/index.js';
import { advice } from './manager-advice.js';
import { originalsOf, appliedWith } from './originals.js';
import { TEMPLATE_MANAGER } from './resource-managers.js';
import {
  amountsByField,
  fieldName,
  isSame,
  managedFields,
  ownedBy,
  type TemplateChange,
  type TemplateWorkload,
} from './template.js';

export type { ApplyingState };

/** An amount of the template that OptiPod had put there and that is another now, by another's hand. */
export interface TakenAmount extends Omit<TemplateChange, 'value'> {
  /** Absent where the template says nothing any more. */
  readonly value?: string;
  /** The field manager; undefined where none says the field. */
  readonly by?: string;
}

/** Being taken back so often within an hour is a tug of war. */
const TUG_OF_WAR = 2;
const HOUR = 3600;

/** What is remembered at most of being taken back; the API allows no more. */
const MOST_REMEMBERED = 8;

/**
 * What somebody took back of what OptiPod wrote to a template and still wants there. Who says the same as OptiPod took nothing,
 * and what OptiPod let go of itself is nobody's to take.
 */
export function takenBack(
  { applied, released }: Pick<ApplyingState, 'applied' | 'released'>,
  workload: TemplateWorkload,
  updateRequestsOnly: boolean,
): TakenAmount[] {
  if (released !== undefined) return [];
  const said = resourcesOf(applied);
  const live = amountsByField(workload.pod);
  const own = ownedBy(workload);
  return managedFields(workload, updateRequestsOnly).flatMap((field): TakenAmount[] => {
    const name = fieldName(field);
    const from = said.get(field.container)?.[field.field]?.[field.resource];
    const value = live.get(name);
    if (from === undefined || own.has(name) || isSame(String(from), value)) return [];
    const by = lastManager(workload, name);
    return [
      {
        ...field,
        from: String(from),
        ...(value === undefined ? {} : { value }),
        ...(by === undefined ? {} : { by }),
      },
    ];
  });
}

/** Whose word a field is; of several, who spoke last. */
function lastManager({ managers }: TemplateWorkload, name: string): string | undefined {
  return managers
    .filter(({ manager, fields }) => manager !== TEMPLATE_MANAGER && fields.some((field) => fieldName(field) === name))
    .sort((a, b) => (a.time ?? '').localeCompare(b.time ?? ''))
    .at(-1)?.manager;
}

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
  /** Whether it keeps away already: then nobody fights. */
  readonly isSuspended: boolean;
}

export interface Contest {
  /** What is to be remembered from now on. */
  readonly applying: ApplyingState;
  /** What to tell people: what was taken back, by whom, and what to change. */
  readonly message?: string;
}

/** What becomes of what is remembered where somebody took something back; with the second time within an hour a suspension. */
export function contested(input: ContestInput): Contest {
  const { workload, updateRequestsOnly, policy, now, holdoff, isSuspended } = input;
  const { released, ...applying } = input.applying;
  const taken = takenBack(input.applying, workload, updateRequestsOnly);
  if (taken.length === 0 && released === undefined) return { applying };
  const next: ApplyingState = {
    ...applying,
    originals: originalsOf(applying, workload),
    applied: appliedWith(applying, workload, []),
  };
  if (taken.length === 0 || isSuspended) return { applying: next };
  const by = taken.find((one) => one.by !== undefined)?.by ?? 'somebody';
  const recent = (applying.takenBack ?? []).filter(({ at }) => Date.parse(at) / 1000 > now - HOUR);
  const again = [...recent, { at: formatInstant(now), by }].slice(-MOST_REMEMBERED);
  const what = taken.map((one) => `${fieldName(one)} ${one.from ?? ''} -> ${one.value ?? 'nothing'}`).join(', ');
  const message = `${by} took back what OptiPod applied: ${what}; ${advice(by)}`;
  if (again.length < TUG_OF_WAR) return { applying: { ...next, takenBack: again }, message };
  const suspension: Suspension = {
    reason: 'SSAConflict',
    message: `${by} took back what OptiPod applied ${again.length} times within an hour; ${advice(by)}`,
    since: formatInstant(now),
    until: formatInstant(now + holdoff),
    content: workload.content,
    policy,
  };
  const stops = `OptiPod applies nothing here until ${suspension.until}, or until the policy or the template is edited`;
  return { applying: { ...next, takenBack: again, suspension }, message: `${message}; ${stops}` };
}

/** What is remembered once OptiPod writes to the template no more: whatever becomes of it then is nobody's taking back. */
export function letGo(applying: ApplyingState, now: number): ApplyingState {
  const { takenBack: _, ...rest } = applying;
  if (rest.released !== undefined || (rest.applied ?? []).length === 0) return rest;
  return { ...rest, released: formatInstant(now) };
}

/** The same without a suspension that is over, and without what led to it: a tug of war begins anew. */
export function withoutPast(applying: ApplyingState, suspension: Suspension | undefined): ApplyingState {
  if (applying.suspension?.reason !== 'SSAConflict' || suspension) return applying;
  const { suspension: _, takenBack: __, ...rest } = applying;
  return rest;
}
