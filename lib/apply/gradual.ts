import type { ApplyingState } from '../../imports/types/workload-recommendation.js';
import { amountIn, resourcesOf, type GradualState } from '../recommend/index.js';
import { resizableContainers } from '../pod/index.js';
import { oursIn } from './originals.js';
import { TEMPLATE_MANAGER } from './resource-managers.js';
import type { TemplateWorkload } from './template.js';

/**
 * Where gradual decreases are whose steps go into the template: at what the template says, whether or not the step was told of
 * before the operator ended or was refused. What somebody edited since begins anew.
 */
export function gradualInTemplate(
  states: ReadonlyMap<string, GradualState>,
  { originals, applied }: Pick<ApplyingState, 'originals' | 'applied'>,
  workload: TemplateWorkload,
): ReadonlyMap<string, GradualState> {
  const isOurs = oursIn(applied, workload);
  const before = resourcesOf(originals);
  const written = Math.max(
    0,
    ...workload.managers
      .filter(({ manager, time }) => manager === TEMPLATE_MANAGER && time !== undefined)
      .map(({ time = '' }) => Date.parse(time) / 1000),
  );
  return new Map(
    resizableContainers(workload.pod).flatMap(({ container, place: [, list] }): [string, GradualState][] => {
      const state = states.get(container.name);
      const value = amountIn(container.resources?.requests?.memory);
      const field = { container: container.name, list, field: 'requests', resource: 'memory' } as const;
      const original = amountIn(before.get(container.name)?.requests?.memory) ?? state?.original;
      if (original === undefined || value === undefined || !isOurs(field)) return [];
      return [[container.name, { original, value, at: Math.max(state?.at ?? 0, written) }]];
    }),
  );
}
