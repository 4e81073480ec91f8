import type {
  ApplyingState,
  Disruption,
  RecommendationChange,
  Suspension,
} from '../../imports/types/workload-recommendation.js';
import type { ContainerResources } from '../api/index.js';
import { containerAmounts, formatInstant, resourcesOf } from '../recommend/index.js';
import { REGRESSED } from './breaker.js';
import { carries } from './newborn.js';
import { originalsOf } from './originals.js';
import type { Regression } from './regression.js';
import type { TemplateWorkload } from './template.js';

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

/** The containers that have other resources than before, be that what was applied or what the template said without OptiPod. */
export function changedContainers(applying: ApplyingState, workload: TemplateWorkload): ReadonlySet<string> {
  const { change, previous } = applying;
  const before = resourcesOf(previous);
  const own = resourcesOf(originalsOf(applying, workload));
  const changed = [...resourcesOf(change?.containers)].filter(([name, resources]) => {
    const had = { name, resources: before.get(name) ?? own.get(name) ?? {} };
    return !carries({ containers: [had] }, new Map([[name, resources]]));
  });
  return new Set(changed.map(([name]) => name));
}

/** Whether what is to be applied is what is remembered of it. */
export function isRemembered(applying: ApplyingState | undefined, wanted: ContainerResources): boolean {
  return sorted(resourcesOf(applying?.change?.containers)) === sorted(wanted);
}

function sorted(resources: ContainerResources): string {
  return JSON.stringify(containerAmounts(new Map([...resources].sort(([a], [b]) => (a < b ? -1 : 1)))));
}
