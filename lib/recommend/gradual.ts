import { durationOf, quantityOf, quantityToNumber } from '../kube/index.js';
import { amountOf, unitsUp } from './amount.js';
import type { ValueStep } from './explanation.js';
import { inForce, ofTemplate, type RecommendationInput } from './input.js';

/** Where the gradual decrease of a container's memory is. It outlives the operator, in the WorkloadRecommendation. */
export interface GradualState {
  /** What the template said before the first step: bytes. */
  readonly original: number;
  /** What the last step led to: bytes. */
  readonly value: number;
  /** When that was: seconds since 1970. */
  readonly at: number;
}

/** What becomes of a target. Amounts in bytes. */
export interface GradualDecrease {
  /** Now. */
  readonly value: number;
  /** In the end. */
  readonly final: number;
  readonly step?: ValueStep;
  /** What to remember once the value is written; undefined where there is nothing to remember. */
  readonly state?: GradualState;
}

/**
 * The next step on the way down to a target: at most so many percent below what the step before led to, at least an interval
 * after it and only once it is on all pods. Up, and the last bit of the way down, at once; never below what all steps together
 * may take away from the original.
 * @param target bytes, of whole units
 */
export function gradualDecrease(target: number, input: RecommendationInput): GradualDecrease {
  const config = input.spec.updateStrategy.gradualDecreaseConfig;
  const before = input.gradual;
  const state = before && !isEdited(before, input) ? before : undefined;
  const from = state?.value ?? inForce(input).request;
  // Where nothing is requested yet, nothing is lowered.
  if (input.resource !== 'memory' || !config.enabled || from === undefined) return { value: target, final: target };
  const original = state?.original ?? authoredRequest(input) ?? from;
  const percent = config.memoryDecreasePercentage;
  const final = Math.max(target, wholeUnits((original * (100 - config.maximumTotalDecrease)) / 100));

  const to = (value: number, does?: 'steps' | 'waits' | 'rests'): GradualDecrease => ({
    value,
    final,
    ...(does ? { step: { step: 'GradualDecrease', from, target, original, percent, does, value } } : {}),
    ...(before || value !== from
      ? { state: { original, value, at: value === from && before ? before.at : input.now } }
      : {}),
  });
  const end = final > target ? 'rests' : undefined;
  if (final >= from) return to(final, end);
  if (before && (input.now < nextAfter(before, input) || !input.stepInEffect)) return to(from, 'waits');
  if (from - final < quantityToNumber(quantityOf(config.minimumDecreaseThreshold))) return to(final, end);
  const next = Math.max(final, wholeUnits((from * (100 - percent)) / 100));
  return to(next, next === final ? end : 'steps');
}

/** Whether the template's author changed his mind since. */
function isEdited({ original }: GradualState, input: RecommendationInput): boolean {
  const authored = authoredRequest(input);
  return authored !== undefined && authored !== original;
}

function authoredRequest({ resource, resources, authored = resources }: RecommendationInput): number | undefined {
  return ofTemplate({ resource, resources: authored }).request;
}

function nextAfter({ at }: GradualState, { spec }: RecommendationInput): number {
  return at + durationOf(spec.reconciliationInterval) / 1000;
}

function wholeUnits(bytes: number): number {
  return amountOf('memory', unitsUp('memory', bytes));
}
