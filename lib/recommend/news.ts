import type {
  RecommendedAmounts,
  ResourceExplanation,
  WorkloadRecommendation,
  WorkloadRecommendationStatus,
} from '../../imports/types/workload-recommendation.js';
import { sameJson } from '../kube/index.js';
import { amountIn } from './amount.js';
import type { WorkloadReport } from './report.js';

/** How far an amount on the way to a number may be from what was last told before a reader would want to know. */
const NOTICEABLE = 0.05;

/**
 * A message as far as it says something else than another one: names made up by controllers, amounts and instants move all the
 * time, in words such as "below current usage (1234)".
 */
export function wordingOf(message: string): string {
  return message.replace(/\S*\d\S*/g, '#');
}

type Told = Pick<WorkloadRecommendation, 'metadata' | 'spec' | 'status'>;

/**
 * Whether a reader would notice a difference. Every pass sees other samples, so counts, instants and the wording that quotes
 * them do not count alone, nor do amounts that moved a little on the way to the same number.
 * @param before undefined where nothing was told yet
 */
export function saysSomethingNew(before: Told | undefined, after: WorkloadReport): boolean {
  return (
    !before ||
    !sameJson(before.spec, after.spec) ||
    !isOwned(before, after) ||
    !sameJson(essence(before.status), essence(after.status)) ||
    !closeContainers(before.status, after.status)
  );
}

/** Others may have added owners of their own. */
function isOwned({ metadata }: Told, after: WorkloadReport): boolean {
  return after.metadata.ownerReferences.every((wanted) =>
    (metadata.ownerReferences ?? []).some((owner) => owner.uid === wanted.uid && !owner.blockOwnerDeletion),
  );
}

/** What is the same or is not. */
function essence(status: WorkloadRecommendationStatus | undefined): unknown {
  const { containers = [], summary, applying, lastApplied, conditions = [] } = status ?? {};
  return {
    summary: { workload: summary?.workload, state: summary?.state, reason: summary?.reason },
    applying,
    lastApplied,
    conditions: conditions.map(({ type, status: is, reason, message }) => ({
      type,
      is,
      reason,
      // What is refused of a resize, and what goes on, has one reason.
      ...(type === 'Applied' ? { wording: wordingOf(message) } : {}),
    })),
    containers: containers.map(({ name, cpu, memory, gradualDecrease }) => ({
      name,
      cpu: essentialResource(cpu),
      memory: essentialResource(memory),
      gradualDecrease,
    })),
  };
}

function essentialResource({ current, recommended, steps = [], hold }: ResourceExplanation = {}): unknown {
  return {
    current,
    // What is held is not written anywhere, and moves with every pass.
    recommended: hold ? undefined : recommended,
    steps: steps.map(({ step }) => step),
    hold: hold?.reason,
  };
}

/** What moves with usage: the same, or near enough. */
function closeContainers(
  before: WorkloadRecommendationStatus | undefined,
  after: WorkloadRecommendationStatus | undefined,
): boolean {
  return (after?.containers ?? []).every(({ cpu, memory }, index) => {
    const told = before?.containers?.[index];
    return closeResource(told?.cpu, cpu) && closeResource(told?.memory, memory);
  });
}

function closeResource(before: ResourceExplanation = {}, after: ResourceExplanation = {}): boolean {
  // Next to what is recommended, the usage of an idle container is all noise.
  const noise = (amountIn(before.recommended?.request) ?? 0) * NOTICEABLE;
  const close = (told: string | undefined, now: string | undefined) => isClose(told, now, noise);
  const closeAmounts = (a: RecommendedAmounts = {}, b: RecommendedAmounts = {}) =>
    close(a.request, b.request) && close(a.limit, b.limit);
  return (
    closeAmounts(before.recommended, after.recommended) &&
    (after.steps ?? []).every(({ value }, index) => close(before.steps?.[index]?.value, value))
  );
}

function isClose(before: string | undefined, after: string | undefined, noise: number): boolean {
  if (before === undefined || after === undefined) return before === after;
  const [a, b] = [amountIn(before) ?? 0, amountIn(after) ?? 0];
  return Math.abs(b - a) <= Math.max(a * NOTICEABLE, noise);
}
