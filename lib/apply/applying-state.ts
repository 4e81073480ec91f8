import type {
  ApplyingState,
  Disruption,
  RecommendationChange,
  Suspension,
} from '../../imports/types/workload-recommendation.js';
import { RESOURCE_FIELDS, RESOURCE_NAMES, type ContainerResources, type ResourceName } from '../api/index.js';
import { containerAmounts, formatInstant, resourcesOf } from '../recommend/index.js';
import { REGRESSED } from './breaker.js';
import { originalsOf } from './originals.js';
import type { ChangedResources, Regression } from './regression.js';
import { amountOf, isSame, type TemplateWorkload } from './template.js';

export type { Disruption };

/** How a workload is when something of it changes. */
export interface Baseline {
  /** Seconds since 1970. */
  readonly now: number;
  readonly content: string;
  readonly available: number;
  readonly failed: boolean;
  /** Containers that were killed or crashed already. */
  readonly troubled: readonly string[];
}

/** What is remembered where something else is to be applied from now on. @param wasCarried whether a pod had what was before */
export function afterChange(
  applying: ApplyingState | undefined,
  wanted: ContainerResources,
  wasCarried: boolean,
  { now, troubled, failed, ...rest }: Baseline,
): ApplyingState {
  const { previous: older, change, suspension: _, ...kept } = applying ?? {};
  // What no pod ever had is nothing to go back to.
  const previous = wasCarried ? change?.containers : older;
  return {
    ...kept,
    change: {
      ...rest,
      at: formatInstant(now),
      containers: containerAmounts(wanted),
      ...(failed ? { failed } : {}),
      ...(troubled.length > 0 ? { troubled: [...new Set(troubled)].sort() } : {}),
    },
    ...(previous && previous.length > 0 ? { previous } : {}),
  };
}

/**
 * What is remembered where a workload goes back to what it had, and is left alone for a while. Where nothing was applied before,
 * that is what its template says.
 * @param holdoff seconds
 */
export function afterRegression(
  { change, previous, originals, suspension: _, ...kept }: ApplyingState,
  { message }: Regression,
  { content, available, now }: Baseline,
  holdoff: number,
): ApplyingState & { readonly change: RecommendationChange; readonly suspension: Suspension } {
  return {
    ...kept,
    ...(originals ? { originals } : {}),
    change: { at: formatInstant(now), content, available, containers: previous ?? [], proven: true },
    suspension: {
      reason: REGRESSED,
      message: `${message} since ${change?.at ?? ''}; it goes back to what it had`.slice(0, 1000),
      since: formatInstant(now),
      until: formatInstant(now + holdoff),
      content,
      ...(change?.containers ? { containers: change.containers } : {}),
    },
  };
}

/** What a workload is to have instead of any recommendation, while a suspension for a regression lasts. */
export function backTo(
  applying: ApplyingState | undefined,
  suspension: Suspension | undefined,
): ContainerResources | undefined {
  return suspension?.reason === REGRESSED ? resourcesOf(applying?.change?.containers) : undefined;
}

/** What containers have another amount of than before, be that what was applied or what the template said without OptiPod. */
export function changedResources(applying: ApplyingState, workload: TemplateWorkload): ChangedResources {
  const { change, previous } = applying;
  const had = new Map([...resourcesOf(originalsOf(applying, workload)), ...resourcesOf(previous)]);
  const has = resourcesOf(change?.containers);
  const changed = Array.from(has.keys(), (container) => {
    const isChanged = (resource: ResourceName) =>
      RESOURCE_FIELDS.some((field) => {
        const value = amountOf(has, { container, field, resource });
        return value !== undefined && !isSame(value, amountOf(had, { container, field, resource }));
      });
    return [container, new Set(RESOURCE_NAMES.filter(isChanged))] as const;
  });
  return new Map(changed.filter(([, resources]) => resources.size > 0));
}

/** Whether what is to be applied is what is remembered of it. */
export function isRemembered(applying: ApplyingState | undefined, wanted: ContainerResources): boolean {
  return sorted(resourcesOf(applying?.change?.containers)) === sorted(wanted);
}

function sorted(resources: ContainerResources): string {
  return JSON.stringify(containerAmounts(new Map([...resources].sort(([a], [b]) => (a < b ? -1 : 1)))));
}
