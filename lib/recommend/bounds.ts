import { quantityOf, quantityToNumber } from '../kube/index.js';
import { amountOf, unitsDown, unitsUp, unitsWithin } from './amount.js';
import type { ValueStep } from './explanation.js';
import type { RecommendationInput } from './input.js';

/** The policy's bounds of the resource: cores or bytes. */
export function boundsOf({ resource, spec }: RecommendationInput): { readonly min: number; readonly max: number } {
  const { min, max } = spec.resourceBounds[resource];
  return { min: quantityToNumber(quantityOf(min)), max: quantityToNumber(quantityOf(max)) };
}

/** The most whole units within the upper bound. */
export function mostUnits({ resource, spec }: RecommendationInput): number {
  return unitsWithin(resource, quantityOf(spec.resourceBounds[resource].max));
}

export function withinBounds(amount: number, input: RecommendationInput): ValueStep | undefined {
  const { min, max } = boundsOf(input);
  if (amount < min) return { step: 'Bounds', bound: 'min', value: min };
  if (amount > max) return { step: 'Bounds', bound: 'max', value: max };
  return undefined;
}

/** Up to a whole unit, down only where up would pass the upper bound. */
export function rounded(amount: number, input: RecommendationInput): ValueStep {
  const { resource } = input;
  const up = unitsUp(resource, amount);
  const units = amount <= boundsOf(input).max ? Math.min(up, mostUnits(input)) : up;
  return { step: 'Rounding', value: amountOf(resource, units) };
}

/** The last word over every request. */
export function upperBound(amount: number, input: RecommendationInput): ValueStep | undefined {
  const most = mostUnits(input);
  if (unitsDown(input.resource, amount) <= most) return undefined;
  return { step: 'Bounds', bound: 'max', value: amountOf(input.resource, most) };
}
