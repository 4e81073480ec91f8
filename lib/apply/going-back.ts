import type { ApplyingState, Suspension } from '../../imports/types/workload-recommendation.js';
import type { ContainerResources } from '../api/index.js';
import type { LimitRange, PodSpec, ResourceRequirements } from '../kube/index.js';
import { admittedPod } from '../pod/index.js';
import { resourcesOf } from '../recommend/index.js';
import { backTo } from './applying-state.js';
import {
  amountsByField,
  fieldName,
  isSame,
  managedFields,
  type TemplateAmount,
  type TemplateWorkload,
} from './template.js';

/** What running pods are to have once their workload went back to what it had. */
export interface PodsBack {
  /** What annotations say of it: what was applied before. */
  readonly said: ContainerResources;
  readonly wanted: ContainerResources;
  /** What they are to have no more, and nothing instead: new pods have no such amount at all. */
  readonly without: ContainerResources;
}

export interface PodsBackInput {
  readonly workload: Omit<TemplateWorkload, 'managers'>;
  readonly applying: ApplyingState | undefined;
  /** Why nothing is applied to the workload for a while. */
  readonly suspension: Suspension | undefined;
  readonly updateRequestsOnly: boolean;
  /** Those of the pods' namespace. */
  readonly limitRanges: readonly LimitRange[];
}

/**
 * What pods go back to: what was applied before, and of everything else that the workload regressed with, what a new pod has
 * without OptiPod. @returns undefined where the workload does not go back
 */
export function podsBack(input: PodsBackInput): PodsBack | undefined {
  const { workload, applying, suspension, updateRequestsOnly, limitRanges } = input;
  const back = backTo(applying, suspension);
  if (!back) return undefined;
  const regressed = resourcesOf(suspension?.containers);
  const own = amountsByField(admittedPod(workload.pod, limitRanges));
  const wanted: TemplateAmount[] = [];
  const without: TemplateAmount[] = [];
  for (const field of managedFields(workload, updateRequestsOnly)) {
    const { container, field: kind, resource } = field;
    const bad = regressed.get(container)?.[kind]?.[resource];
    const value =
      back.get(container)?.[kind]?.[resource] ?? (bad === undefined ? undefined : own.get(fieldName(field)));
    if (value !== undefined) wanted.push({ ...field, value: String(value) });
    else if (bad !== undefined) without.push({ ...field, value: String(bad) });
  }
  return { said: back, wanted: byContainer(wanted), without: byContainer(without) };
}

/** Whether a pod has any of these amounts. */
export function hasAnyOf(spec: PodSpec, amounts: ContainerResources): boolean {
  const live = amountsByField(spec);
  return managedFields({ metadata: {}, pod: spec }, false).some((field) => {
    const amount = amounts.get(field.container)?.[field.field]?.[field.resource];
    return amount !== undefined && isSame(live.get(fieldName(field)), String(amount));
  });
}

function byContainer(amounts: readonly TemplateAmount[]): ContainerResources {
  const containers = new Map<string, ResourceRequirements>();
  for (const { container, field, resource, value } of amounts) {
    const resources = containers.get(container) ?? {};
    containers.set(container, { ...resources, [field]: { ...resources[field], [resource]: value } });
  }
  return containers;
}
