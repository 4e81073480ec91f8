import type { OptimizationPolicy } from '../../imports/types/optimization-policy.js';

/** What a policy has done with what it recommends for a workload. */
export interface Course {
  /** What the workload's annotations say: nothing, what is recommended, or also what the webhook gives to new pods. */
  readonly annotations: 'none' | 'recommendation' | 'injection';
  /** How the template gets it: not at all, by server-side apply, or by a patch of its resources. */
  readonly template: 'unchanged' | 'apply' | 'patch';
  /** Whether running pods are resized in place. */
  readonly inPlace: boolean;
  /** What becomes of a running pod that cannot be resized in place: it waits for its next restart, or is made to restart. */
  readonly otherwise: 'wait' | 'evict' | 'restart';
}

/** What an installation lets policies do. */
export interface Installation {
  readonly inPlaceResize: boolean;
  readonly recreate: boolean;
}

const NOTHING: Course = { annotations: 'none', template: 'unchanged', inPlace: false, otherwise: 'wait' };

/**
 * The one table of what the fields of a policy mean together. A changed template replaces all pods by itself: there is nothing
 * to resize under ssa.
 */
export function courseOf(
  { mode, updateStrategy }: Pick<OptimizationPolicy['spec'], 'mode' | 'updateStrategy'>,
  { inPlaceResize, recreate }: Installation,
): Course {
  if (mode === 'Disabled') return NOTHING;
  if (mode === 'Recommend') return { ...NOTHING, annotations: 'recommendation' };
  const { strategy, rolloutStrategy, allowInPlaceResize, allowRecreate, useServerSideApply } = updateStrategy;
  if (strategy === 'ssa') {
    return { ...NOTHING, annotations: 'recommendation', template: useServerSideApply ? 'apply' : 'patch' };
  }
  const evicts = allowRecreate && recreate ? 'evict' : 'wait';
  return {
    annotations: 'injection',
    template: 'unchanged',
    inPlace: allowInPlaceResize && inPlaceResize,
    otherwise: rolloutStrategy === 'immediate' ? 'restart' : evicts,
  };
}
