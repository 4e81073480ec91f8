import type { LimitRange } from '../kube/index.js';
import { amountIn, amountOf, unitsDown, unitsUp } from './amount.js';
import { upperBound } from './bounds.js';
import type { ValueStep } from './explanation.js';
import type { RecommendationInput } from './input.js';

/** A step of the chain: what it makes of an amount of cores or bytes, or undefined where it leaves it as it is. */
export type Link = (amount: number, input: RecommendationInput) => ValueStep | undefined;

/** Takes the links in turn. */
export function follow(
  amount: number,
  links: readonly Link[],
  input: RecommendationInput,
): { readonly value: number; readonly steps: readonly ValueStep[] } {
  let value = amount;
  const steps: ValueStep[] = [];
  for (const link of links) {
    const step = link(value, input);
    if (!step) continue;
    value = step.value;
    steps.push(step);
  }
  return { value, steps };
}

/** What the namespace and the nodes allow, then the policy's upper bound, which has the last word. */
export const CLAMPS: readonly Link[] = [withinLimitRanges, withinLargestNode, upperBound];

/** What LimitRanges allow a container: cores or bytes, and how many times its request a limit may be. */
export interface LimitRangeBounds {
  readonly min: number;
  readonly max: number;
  readonly ratio: number;
}

export function limitRangeBounds({ resource, constraints }: RecommendationInput): LimitRangeBounds {
  const items = (constraints?.limitRanges ?? [])
    .flatMap(({ spec }) => spec.limits ?? [])
    .filter(({ type }) => type === 'Container');
  const all = (field: 'min' | 'max' | 'maxLimitRequestRatio') => amountsOf(items, field, resource);
  return {
    min: Math.max(0, ...all('min')),
    max: Math.min(Infinity, ...all('max')),
    ratio: Math.min(Infinity, ...all('maxLimitRequestRatio')),
  };
}

type Items = NonNullable<LimitRange['spec']['limits']>;

function amountsOf(items: Items, field: 'min' | 'max' | 'maxLimitRequestRatio', resource: 'cpu' | 'memory'): number[] {
  return items.flatMap((item) => amountIn(item[field]?.[resource]) ?? []);
}

/** A LimitRange's bounds of a request; with a limit that stays as it is, its ratio is one, too. */
function withinLimitRanges(amount: number, input: RecommendationInput): ValueStep | undefined {
  const { resource, resources, spec } = input;
  const { min, max, ratio } = limitRangeBounds(input);
  const limit = spec.updateStrategy.updateRequestsOnly ? amountIn(resources?.limits?.[resource]) : undefined;
  const least = limit === undefined ? 0 : limit / ratio;
  const up = (value: number) => amountOf(resource, unitsUp(resource, value));
  if (amount > max) return { step: 'LimitRange', rule: 'max', value: amountOf(resource, unitsDown(resource, max)) };
  if (amount < min && min >= least) return { step: 'LimitRange', rule: 'min', value: up(min) };
  if (amount < least) return { step: 'LimitRange', rule: 'maxLimitRequestRatio', value: up(least) };
  return undefined;
}

/** A request that no node has room for leaves the pod pending. */
function withinLargestNode(amount: number, { resource, constraints }: RecommendationInput): ValueStep | undefined {
  const most = constraints?.largestNode?.[resource];
  if (most === undefined || amount <= most) return undefined;
  return { step: 'LargestNode', value: amountOf(resource, unitsDown(resource, most)) };
}
