import { RESOURCE_NAMES, type ResourceName } from '../api/index.js';
import { amountIn } from './amount.js';
import type { ContainerRecommendation } from './container.js';
import { HOLD_REASONS } from './explanation.js';

/** Something about a recommendation that whoever looks at the workload should be told. */
export interface Notice {
  /** A hold keeps something from being written; a cap is told of what is written all the same. */
  readonly kind: 'hold' | 'cap';
  readonly reason: string;
  /** `web cpu`. */
  readonly where: string;
  readonly message: string;
}

const CAPPED = 'more is wanted than the limit allows, which updateStrategy.updateRequestsOnly leaves as it is';

/** What is held, capped or throttled, by container and resource. That nothing needs to change is not worth a notice. */
export function noticesOf(containers: readonly ContainerRecommendation[]): Notice[] {
  return containers.flatMap((container) =>
    RESOURCE_NAMES.flatMap((resource): Notice[] => {
      const { hold, steps } = container[resource];
      const where = `${container.name} ${resource}`;
      if (hold && hold.reason !== 'BelowThreshold') return [{ kind: 'hold', where, ...hold }];
      return steps.flatMap((step): Notice[] => {
        if (step.step === 'CappedByLimit') {
          return [{ kind: 'cap', where, reason: step.step, message: CAPPED }];
        }
        if (step.step !== 'Throttled') return [];
        return [{ kind: 'cap', where, reason: step.step, message: 'usage was pressed against the limit' }];
      });
    }),
  );
}

/** What comes first in `HOLD_REASONS`; what is not in it came from the cluster, and comes before. */
export function gravest(notices: readonly Notice[]): Notice | undefined {
  return [...notices].sort((a, b) => gravity(a.reason) - gravity(b.reason))[0];
}

function gravity(reason: string): number {
  return (HOLD_REASONS as readonly string[]).indexOf(reason);
}

/** Whether what is recommended is written: just now, or earlier and near enough, or the same that is held to it now. */
export function isWritten(container: ContainerRecommendation, resource: ResourceName): boolean {
  const { request, hold } = container[resource];
  const standing = amountIn(container.standing?.requests?.[resource]);
  if (request === undefined) return false;
  return !hold || (standing !== undefined && (isSettled(container, resource) || standing === amountIn(request)));
}

/** Whether what there is already is near enough to what is recommended. */
export function isSettled(container: ContainerRecommendation, resource: ResourceName): boolean {
  return container[resource].hold?.reason === 'BelowThreshold';
}
