import type { PodPercentile } from '../usage/index.js';

/**
 * How a number came to be: one entry for each step of the chain that had something to say, in the order they were taken.
 * Amounts are in cores or bytes, instants in seconds since 1970; `value` is the amount after the step.
 */
export type Step =
  | {
      readonly step: 'Samples';
      readonly samples: number;
      readonly instants: number;
      readonly from: number;
      readonly to: number;
    }
  | { readonly step: 'Percentile'; readonly percentile: string; readonly value: number }
  /** Some pods use far more than all of them together. */
  | { readonly step: 'PodsAbove'; readonly percentile: string; readonly pods: readonly PodPercentile[] }
  | ValueStep;

/** A step that led to an amount. */
export type ValueStep =
  | { readonly step: 'SafetyFactor'; readonly factor: number; readonly value: number }
  | { readonly step: 'Bounds'; readonly bound: 'min' | 'max'; readonly value: number }
  /** Not lowered: history is too short. */
  | { readonly step: 'ShortHistory'; readonly covered: number; readonly needed: number; readonly value: number }
  /** Usage was pressed against a limit, and whether that kept the amount from falling. */
  | ({ readonly step: 'Throttled'; readonly kept: boolean; readonly value: number } & Pressure)
  | {
      readonly step: 'MemoryFloor';
      readonly cause: FloorCause;
      readonly headroom: number;
      /** Whether the policy allows to go below it. */
      readonly ignored: boolean;
      readonly value: number;
    }
  | { readonly step: 'Rounding'; readonly value: number }
  | {
      readonly step: 'GradualDecrease';
      /** What the step starts from, what it is on the way to, and what it was before all steps. */
      readonly from: number;
      readonly target: number;
      readonly original: number;
      /** The most that one step takes away, in percent. */
      readonly percent: number;
      /** `waits`: the step before is too young, or not on all pods yet. `rests`: as low as all steps together may go. */
      readonly does: 'steps' | 'waits' | 'rests';
      readonly value: number;
    }
  | { readonly step: 'LimitRange'; readonly rule: 'min' | 'max' | 'maxLimitRequestRatio'; readonly value: number }
  | { readonly step: 'LargestNode'; readonly value: number }
  | {
      readonly step: 'CappedByLimit';
      /** What would be recommended without the limit. */
      readonly wanted: number;
      /** What a container was killed at for want of memory. */
      readonly killedAt?: number;
      readonly value: number;
    }
  | { readonly step: 'LimitEqualsRequest'; readonly value: number }
  | {
      readonly step: 'Limit';
      readonly multiplier: number;
      /** What it is for, where the multiplier alone would have led to less or more. */
      readonly because?: 'MemoryFloor' | 'Throttled' | 'LimitRange';
      readonly value: number;
    }
  /** Moved by one unit, so that not all requests equal their limits. */
  | { readonly step: 'KeptBurstable'; readonly field: 'request' | 'limit'; readonly value: number }
  | { readonly step: 'BecomesBurstable'; readonly value: number };

/** How usage was pressed against a limit. */
export type Pressure =
  | { readonly by: 'throttling'; readonly share: number }
  | { readonly by: 'memory'; readonly used: number; readonly limit: number };

/** What memory must not fall below. */
export type FloorCause =
  | { readonly was: 'used'; readonly bytes: number; readonly at?: number }
  | { readonly was: 'killed'; readonly bytes: number; readonly at: number; readonly pod: string };

/** Why there is no number, or why it is not applied. */
export interface Hold {
  /** One CamelCase word: of `HOLD_REASONS`, or what the cluster gave. */
  readonly reason: string;
  readonly message: string;
}

/** The chain's own reasons to hold, the gravest first. What the cluster gives is graver than all of them. */
export const HOLD_REASONS = [
  'PodLevelResources',
  'HeldByQoS',
  'LimitRange',
  'QuotaExceeded',
  'LargestNode',
  'BoundsTooFine',
  'CappedByLimit',
  'Throttled',
  'StaleData',
  'NoData',
  'NotEnoughSamples',
  'ShortHistory',
  'BelowThreshold',
] as const;

export type HoldReason = (typeof HOLD_REASONS)[number];

/** A hold of the chain's own. */
export function hold(reason: HoldReason, message: string): Hold {
  return { reason, message };
}
