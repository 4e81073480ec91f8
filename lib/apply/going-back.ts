import type { ApplyingState, Suspension } from '../../imports/types/workload-recommendation.js';
import type { ContainerResources } from '../api/index.js';
import type { LimitRange, PodSpec } from '../kube/index.js';
import { admittedPod } from '../pod/index.js';
import { resourcesOf } from '../recommend/index.js';
import { backTo } from './applying-state.js';
import { byContainer } from './by-container.js';
import { oursIn } from './originals.js';
import type { OwnedResource } from './resource-managers.js';
import {
  amountOf,
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
  const own = amountsByField(admittedPod(workload.pod, limitRanges));
  const fields = managedFields(workload, updateRequestsOnly);
  return { said: back, ...goingBack(fields, back, suspension, (field) => own.get(fieldName(field))) };
}

/** What a template goes back to. */
export type TemplateBack = Pick<PodsBack, 'wanted' | 'without'>;

export interface TemplateBackInput extends Pick<PodsBackInput, 'suspension' | 'updateRequestsOnly'> {
  readonly workload: TemplateWorkload;
  readonly applying: ApplyingState;
}

/**
 * What a template goes back to: what was applied before, and of everything else that the workload regressed with, what the
 * template said before OptiPod. @returns undefined where the workload does not go back
 */
export function templateBack(input: TemplateBackInput): TemplateBack | undefined {
  const { workload, applying, suspension, updateRequestsOnly } = input;
  const back = backTo(applying, suspension);
  if (!back) return undefined;
  const originals = resourcesOf(applying.originals);
  const fields = managedFields(workload, updateRequestsOnly).filter(oursIn(applying.applied, workload));
  return goingBack(fields, back, suspension, (field) => amountOf(originals, field));
}

/** @param own what there is of a field without OptiPod */
function goingBack(
  fields: readonly OwnedResource[],
  back: ContainerResources,
  suspension: Suspension | undefined,
  own: (field: OwnedResource) => string | undefined,
): TemplateBack {
  const regressed = resourcesOf(suspension?.containers);
  const wanted: TemplateAmount[] = [];
  const without: TemplateAmount[] = [];
  for (const field of fields) {
    const bad = amountOf(regressed, field);
    const value = amountOf(back, field) ?? (bad === undefined ? undefined : own(field));
    if (value !== undefined) wanted.push({ ...field, value });
    else if (bad !== undefined) without.push({ ...field, value: bad });
  }
  return { wanted: byContainer(wanted), without: byContainer(without) };
}

/** Whether a pod has any of these amounts. */
export function hasAnyOf(spec: PodSpec, amounts: ContainerResources): boolean {
  const live = amountsByField(spec);
  return managedFields({ metadata: {}, pod: spec }, false).some((field) => {
    const amount = amountOf(amounts, field);
    return amount !== undefined && isSame(live.get(fieldName(field)), amount);
  });
}
