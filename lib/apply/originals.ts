import type { ApplyingState, ContainerAmounts } from '../../imports/types/workload-recommendation.js';
import type { ContainerResources } from '../api/index.js';
import { resizableContainers } from '../pod/index.js';
import { containerAmounts, resourcesOf } from '../recommend/index.js';
import { byContainer } from './by-container.js';
import type { OwnedResource } from './resource-managers.js';
import {
  amountOf,
  amountsByField,
  fieldName,
  isSame,
  managedFields,
  ownedBy,
  resizableFields,
  type TemplateAmount,
  type TemplateChange,
  type TemplateWorkload,
} from './template.js';

type Remembered = Pick<ApplyingState, 'originals' | 'applied'>;

/**
 * What the template said of its containers before OptiPod, as far as that can be known: what OptiPod put there is left out, and
 * what somebody else has put there since is the original from then on.
 */
export function originalsOf({ originals, applied }: Remembered, workload: TemplateWorkload): ContainerAmounts[] {
  const live = amountsByField(workload.pod);
  const before = resourcesOf(originals);
  const isOurs = oursIn(applied, workload);
  return collected(
    workload,
    resizableFields(workload.pod).flatMap((field): TemplateAmount[] => {
      const known = before.get(field.container);
      const value = known && isOurs(field) ? known[field.field]?.[field.resource] : live.get(fieldName(field));
      return value === undefined ? [] : [{ ...field, value: String(value) }];
    }),
  );
}

/**
 * What OptiPod has in the template once these amounts are there, or gone where they are null; without what is no longer its own.
 */
export function appliedWith(
  { applied }: Remembered,
  workload: TemplateWorkload,
  amounts: readonly Pick<TemplateChange, keyof OwnedResource | 'value'>[],
): ContainerAmounts[] {
  const isOurs = oursIn(applied, workload);
  const said = new Map(amounts.map((amount) => [fieldName(amount), amount.value]));
  const before = resourcesOf(applied);
  return collected(
    workload,
    resizableFields(workload.pod).flatMap((field): TemplateAmount[] => {
      const kept = isOurs(field) ? before.get(field.container)?.[field.field]?.[field.resource] : undefined;
      const value = said.has(fieldName(field)) ? said.get(fieldName(field)) : kept;
      return value === undefined || value === null ? [] : [{ ...field, value: String(value) }];
    }),
  ).filter(({ cpu, memory }) => cpu !== undefined || memory !== undefined);
}

/**
 * The same with all that OptiPod owns in the template: a process that ended between writing there and telling of it has not told
 * what it wrote.
 */
export function withOwned(applying: ApplyingState, workload: TemplateWorkload): ApplyingState {
  const own = ownedBy(workload);
  const live = amountsByField(workload.pod);
  const said = resourcesOf(applying.applied);
  const untold = resizableFields(workload.pod).flatMap((field): TemplateAmount[] => {
    const value = live.get(fieldName(field));
    if (value === undefined || !own.has(fieldName(field))) return [];
    return isSame(amountOf(said, field), value) ? [] : [{ ...field, value }];
  });
  return untold.length === 0 ? applying : { ...applying, applied: appliedWith(applying, workload, untold) };
}

/**
 * The same without what OptiPod manages no more and somebody else has changed since: that is his, and his amount is the original.
 * What is still as OptiPod wrote it stays, to be restored.
 */
export function withoutForeign(
  applying: ApplyingState,
  workload: TemplateWorkload,
  updateRequestsOnly: boolean,
): ApplyingState {
  const isOurs = oursIn(applying.applied, workload);
  const said = resourcesOf(applying.applied);
  const managed = new Set(managedFields(workload, updateRequestsOnly).map(fieldName));
  const foreign = resizableFields(workload.pod).filter(
    (field) => amountOf(said, field) !== undefined && !managed.has(fieldName(field)) && !isOurs(field),
  );
  if (foreign.length === 0) return applying;
  const live = amountsByField(workload.pod);
  const isForeign = new Set(foreign.map(fieldName));
  const kept = (of: ContainerResources, others: (field: OwnedResource) => string | undefined) =>
    resizableFields(workload.pod).flatMap((field): TemplateAmount[] => {
      const value = isForeign.has(fieldName(field)) ? others(field) : amountOf(of, field);
      return value === undefined ? [] : [{ ...field, value }];
    });
  const originals = kept(resourcesOf(applying.originals), (field) => live.get(fieldName(field)));
  return {
    ...applying,
    originals: collected(workload, originals),
    applied: containerAmounts(byContainer(kept(said, () => undefined))),
  };
}

/** How a template becomes what it was: each amount that is OptiPod's, with the value it had; null where it had none. */
export function restoration({ originals, applied }: Remembered, workload: TemplateWorkload): readonly TemplateChange[] {
  const live = amountsByField(workload.pod);
  const before = resourcesOf(originals);
  const isOurs = oursIn(applied, workload);
  return resizableFields(workload.pod).flatMap((field) => {
    const known = before.get(field.container);
    const from = live.get(fieldName(field));
    const value = known?.[field.field]?.[field.resource];
    if (!known || !isOurs(field) || isSame(from, value === undefined ? undefined : String(value))) return [];
    return [{ ...field, ...(from === undefined ? {} : { from }), value: value === undefined ? null : String(value) }];
  });
}

/** Whether what the template says is what OptiPod put there: its manager's own, or as it was last written. */
export function oursIn(applied: Remembered['applied'], workload: TemplateWorkload): (field: OwnedResource) => boolean {
  const own = ownedBy(workload);
  const live = amountsByField(workload.pod);
  const said = resourcesOf(applied);
  return (field) => {
    const value = said.get(field.container)?.[field.field]?.[field.resource];
    const name = fieldName(field);
    return own.has(name) || (value !== undefined && isSame(live.get(name), String(value)));
  };
}

/** By container, one for each that the template has: of one without amounts it is known that there were none. */
function collected({ pod }: TemplateWorkload, amounts: readonly TemplateAmount[]): ContainerAmounts[] {
  const said = byContainer(amounts);
  const names = resizableContainers(pod).map(({ container }) => container.name);
  return containerAmounts(new Map(names.map((name) => [name, said.get(name) ?? {}])));
}
