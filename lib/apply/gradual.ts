import type { ApplyingState } from '../../imports/types/workload-recommendation.js';
import type { ContainerResources } from '../api/index.js';
import { amountIn, resourcesOf, type GradualState } from '../recommend/index.js';
import { resizableContainers } from '../pod/index.js';
import { oursIn } from './originals.js';
import { TEMPLATE_MANAGER } from './resource-managers.js';
import type { TemplateWorkload } from './template.js';

/**
 * What the author of a template said of each container whose memory is as OptiPod put it there, be it under the strategy of
 * before: nothing of memory where he said nothing, or that is not known.
 */
export function authoredMemory(
  { originals, applied }: Pick<ApplyingState, 'originals' | 'applied'>,
  workload: TemplateWorkload,
): ContainerResources {
  const isOurs = oursIn(applied, workload);
  const before = resourcesOf(originals);
  return new Map(
    resizableContainers(workload.pod)
      .map(({ container: { name: container }, place: [, list] }) => ({ container, list }))
      .filter((place) => isOurs({ ...place, field: 'requests', resource: 'memory' }))
      .map(({ container }) => [container, before.get(container) ?? {}]),
  );
}

/**
 * Where gradual decreases are whose steps go into the template: at what the template says, whether or not the step was told of
 * before the operator ended or was refused. What somebody edited since begins anew.
 */
export function gradualInTemplate(
  states: ReadonlyMap<string, GradualState>,
  applying: Pick<ApplyingState, 'originals' | 'applied'>,
  workload: TemplateWorkload,
): ReadonlyMap<string, GradualState> {
  const authored = authoredMemory(applying, workload);
  const written = Math.max(
    0,
    ...workload.managers
      .filter(({ manager, time }) => manager === TEMPLATE_MANAGER && time !== undefined)
      .map(({ time = '' }) => Date.parse(time) / 1000),
  );
  return new Map(
    resizableContainers(workload.pod).flatMap(({ container: { name, resources } }): [string, GradualState][] => {
      const said = authored.get(name);
      const state = states.get(name);
      const value = amountIn(resources?.requests?.memory);
      const original = amountIn(said?.requests?.memory) ?? state?.original;
      if (!said || original === undefined || value === undefined) return [];
      return [[name, { original, value, at: Math.max(state?.at ?? 0, written) }]];
    }),
  );
}
