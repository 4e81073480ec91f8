import type { ApplyingState } from '../../imports/types/workload-recommendation.js';
import { resourcesOf } from '../recommend/index.js';
import type { TakenAmount } from './taken-back.js';
import type { TemplateWorkload } from './template.js';

/** Why nothing is applied for a while to a workload that somebody rolled back. */
export const ROLLED_BACK = 'RolledBack';

/** Under which `kubectl rollout undo` writes a template: every other command of kubectl has a field manager of its own. */
const UNDO = { by: 'kubectl', operation: 'Update' } as const;

/** With it a client-side apply takes away what its manifest had before and has no more. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Whether what was taken back was by a person who went back to an earlier revision, and not by a tool that will do it again. A
 * revision may have had no value at all, which leaves nobody's name. Such a field was taken away by hand as well, unless a
 * client-side apply did it, whose manifest has lost a value: one that was there before OptiPod.
 */
export function isRolledBack(
  taken: readonly TakenAmount[],
  { originals }: Pick<ApplyingState, 'originals'>,
  { metadata }: Pick<TemplateWorkload, 'metadata'>,
): boolean {
  const before = resourcesOf(originals);
  const isClientSide = metadata.annotations?.[LAST_APPLIED] !== undefined;
  return taken.some(({ container, field, resource, value, by, operation }) => {
    if (by === UNDO.by && operation === UNDO.operation) return true;
    if (value !== undefined || by !== undefined) return false;
    return !isClientSide || before.get(container)?.[field]?.[resource] === undefined;
  });
}
