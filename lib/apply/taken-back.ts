import type { ApplyingState } from '../../imports/types/workload-recommendation.js';
import { resourcesOf } from '../recommend/index.js';
import { TEMPLATE_MANAGER, type ResourceManager } from './resource-managers.js';
import {
  amountsByField,
  fieldName,
  isSame,
  managedFields,
  ownedBy,
  type TemplateChange,
  type TemplateWorkload,
} from './template.js';

/** An amount of the template that OptiPod had put there and that is another now, by another's hand. */
export interface TakenAmount extends Omit<TemplateChange, 'value'> {
  /** Absent where the template says nothing any more. */
  readonly value?: string;
  /** The field manager, and how it spoke: Apply or Update; undefined where none says the field. */
  readonly by?: string;
  readonly operation?: string;
}

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
    const last = lastManager(workload, name);
    return [
      {
        ...field,
        from: String(from),
        ...(value === undefined ? {} : { value }),
        ...(last ? { by: last.manager, operation: last.operation } : {}),
      },
    ];
  });
}

/** Whose word a field is; of several, who spoke last. */
function lastManager({ managers }: TemplateWorkload, name: string): ResourceManager | undefined {
  return managers
    .filter(({ manager, fields }) => manager !== TEMPLATE_MANAGER && fields.some((field) => fieldName(field) === name))
    .sort((a, b) => (a.time ?? '').localeCompare(b.time ?? ''))
    .at(-1);
}
