import { hasPodLevelResources, qosClass } from '../pod/index.js';
import { amountIn, formatUnits, unitsUp } from './amount.js';
import { rounded, withinBounds } from './bounds.js';
import { CLAMPS, follow, type Link } from './clamps.js';
import { missingEvidence, podsFarAbove, shortHistory, throttled } from './evidence.js';
import { hold, type Hold, type Step, type ValueStep } from './explanation.js';
import { gradualDecrease, type GradualState } from './gradual.js';
import type { RecommendationInput } from './input.js';
import { numbersOf, requirements, type Numbers, type Requirements } from './limits.js';
import { aboveFloor } from './memory-floor.js';
import { changesNothing, tooSmall } from './min-change.js';
import { formatSpan } from './span.js';

/** One resource of one container: what is recommended, or why nothing is, and how that came to be. */
export interface ResourceRecommendation {
  readonly steps: readonly Step[];
  /** A quantity; absent where there is nothing to recommend from. With a hold it is what would be recommended without it. */
  readonly request?: string;
  /** Absent where limits are left alone. */
  readonly limit?: string;
  /** Why nothing is to be written: what was last written stays. */
  readonly hold?: Hold;
  /** What would be recommended were it not too small a change. */
  readonly wanted?: Numbers;
  /** To remember, for the next step of a gradual decrease. */
  readonly gradual?: GradualState;
}

const PERCENTILES = { P50: 0.5, P90: 0.9, P99: 0.99 } as const;

/** From the percentile to what is aimed at, of whole units. */
const TO_TARGET: readonly Link[] = [
  safetyFactor,
  withinBounds,
  shortHistory,
  throttled,
  aboveFloor,
  rounded,
  ...CLAMPS,
];

/**
 * The recommendation chain: percentile → factor → bounds → no decrease without evidence → memory floor → rounding → LimitRanges,
 * nodes, upper bound → gradual decrease, and within those again → limits → holds. Pure; the same input gives the same
 * recommendation, and every step that changed something is told.
 */
export function recommend(input: RecommendationInput): ResourceRecommendation {
  const { resource, spec } = input;
  const usage = input.usage?.[resource];
  const steps: Step[] = usage
    ? [{ step: 'Samples', samples: usage.samples, instants: usage.instants, from: usage.from, to: usage.to }]
    : [];
  const remembered = input.gradual ? { gradual: input.gradual } : {};
  const missing = missingEvidence(input, usage);
  if (!usage || missing) return { steps, hold: missing ?? hold('NoData', ''), ...remembered };

  const { percentile } = spec.metricsConfig;
  const rank = PERCENTILES[percentile];
  const used = usage.percentile(rank);
  if (!isUsage(used, resource)) {
    return { steps, hold: hold('NoData', `${resource} usage of ${used} at ${percentile} is none`), ...remembered };
  }
  steps.push({ step: 'Percentile', percentile, value: used });
  const pods = podsFarAbove(usage, rank, input);
  if (pods.length > 0) steps.push({ step: 'PodsAbove', percentile, pods });

  const target = follow(used, TO_TARGET, input);
  const gradual = gradualDecrease(target.value, input);
  const clamped = follow(gradual.value, CLAMPS, input);
  steps.push(...target.steps, ...(gradual.step ? [gradual.step] : []), ...clamped.steps);
  if (unitsUp(resource, clamped.value) < 1) return { steps, hold: tooFine(input), ...remembered };
  const now = requirements(clamped.value, input);
  steps.push(...now.steps);
  const numbers = numbersOf(now);

  const held = podHold(input) ?? clusterHold(input) ?? now.hold ?? keptHold(target.steps, now, input);
  if (held) return { steps, ...numbers, hold: held, ...remembered };
  const small = tooSmall(requirements(follow(gradual.final, CLAMPS, input).value, input), input);
  if (small) return { steps, ...small, ...remembered };
  const value = amountIn(now.request);
  const state = gradual.state && value !== undefined ? { gradual: { ...gradual.state, value } } : {};
  return { steps, ...numbers, ...state };
}

/** Zero CPU is idle; a process without memory there is none, and a number that is none was never measured. */
function isUsage(amount: number, resource: 'cpu' | 'memory'): boolean {
  return Number.isFinite(amount) && (resource === 'cpu' ? amount >= 0 : amount > 0);
}

function safetyFactor(amount: number, { spec }: RecommendationInput): ValueStep {
  const { safetyFactor: factor } = spec.metricsConfig;
  return { step: 'SafetyFactor', factor, value: amount * factor };
}

function tooFine({ resource }: RecommendationInput): Hold {
  const least = formatUnits(resource, 1);
  return hold('BoundsTooFine', `what may be recommended at most is below ${least}, the least that is recommended`);
}

/** What of the pod as a whole forbids changing any request in it. */
function podHold({ pod, spec }: RecommendationInput): Hold | undefined {
  if (hasPodLevelResources(pod)) {
    return hold('PodLevelResources', 'the pod has resources of its own, which its containers share');
  }
  if (spec.updateStrategy.updateRequestsOnly && qosClass(pod) === 'Guaranteed') {
    const message = 'requests equal limits (QoS class Guaranteed) and updateRequestsOnly leaves the limits alone';
    return hold('HeldByQoS', message);
  }
  return undefined;
}

function clusterHold({ holds = [], container, resource }: RecommendationInput): Hold | undefined {
  const found = holds.find(
    (one) => [undefined, container].includes(one.container) && [undefined, resource].includes(one.resource),
  );
  return found && { reason: found.reason, message: found.message };
}

/** What was kept from falling, and is as it was last written, is not written again. */
function keptHold(steps: readonly ValueStep[], now: Requirements, input: RecommendationInput): Hold | undefined {
  if (!changesNothing(now, input)) return undefined;
  for (const step of steps) {
    if (step.step === 'ShortHistory') {
      const message = `have ${formatSpan(step.covered)} of history, need ${formatSpan(step.needed)} before anything is lowered`;
      return hold('ShortHistory', message);
    }
    if (step.step === 'Throttled' && step.kept) {
      return hold('Throttled', 'usage was pressed against the limit, which is never a reason to lower anything');
    }
  }
  return undefined;
}
