import type { RecommendationSummary } from '../../imports/types/workload-recommendation.js';
import type { ResourceName } from '../api/index.js';
import type { WorkloadKind } from '../policy/index.js';
import { amountIn, formatUnits, unitsUp } from './amount.js';
import type { ContainerRecommendation } from './container.js';
import { gravest, isSettled, isWritten, noticesOf } from './notices.js';
import type { Application } from './report-conditions.js';

/** A workload's recommendation in one line of a table. */
export function summaryOf(
  workload: { readonly kind: WorkloadKind; readonly name: string },
  containers: readonly ContainerRecommendation[],
  application: Application,
): RecommendationSummary {
  return {
    workload: `${workload.kind}/${workload.name}`,
    cpu: cell('cpu', containers),
    memory: cell('memory', containers),
    ...outcome(containers, application),
  };
}

/** All containers together; `unset` where nothing is requested today, `?` where there is nothing to recommend from. */
function cell(resource: ResourceName, containers: readonly ContainerRecommendation[]): string {
  const now = containers.map(({ resources }) => amountIn(resources?.requests?.[resource]));
  const next = containers.map((container) => amountIn(container[resource].request));
  const sum = (amounts: readonly (number | undefined)[]) =>
    formatUnits(
      resource,
      unitsUp(
        resource,
        amounts.reduce<number>((total, amount) => total + (amount ?? 0), 0),
      ),
    );
  const isHeld = containers.some(
    (one) => one[resource].request !== undefined && !isWritten(one, resource) && !isSettled(one, resource),
  );
  const before = now.some((amount) => amount !== undefined) ? sum(now) : 'unset';
  const after = next.some((amount) => amount !== undefined) ? sum(next.map((amount, i) => amount ?? now[i])) : '?';
  return `${before} -> ${after}${isHeld ? ' (held)' : ''}`;
}

function outcome(
  containers: readonly ContainerRecommendation[],
  application: Application,
): Required<Pick<RecommendationSummary, 'state' | 'reason'>> {
  const notices = noticesOf(containers);
  const heldFor = gravest(notices.filter(({ kind }) => kind === 'hold'))?.reason;
  if (!containers.some((one) => isWritten(one, 'cpu') || isWritten(one, 'memory'))) {
    const settled = containers.some((one) => isSettled(one, 'cpu') || isSettled(one, 'memory'));
    return { state: 'Held', reason: heldFor ?? (settled ? 'BelowThreshold' : 'NoContainers') };
  }
  const state = application.applied ? 'Applied' : 'Recommended';
  // What keeps everything from being applied says more than what keeps a part of it.
  return { state, reason: application.applied ? (gravest(notices)?.reason ?? application.reason) : application.reason };
}
