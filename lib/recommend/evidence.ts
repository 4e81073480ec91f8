import type { ResourceName } from '../api/index.js';
import { durationOf } from '../kube/index.js';
import type { PodPercentile, Usage } from '../usage/index.js';
import { amountOf, unitsUp } from './amount.js';
import { boundsOf } from './bounds.js';
import { formatSpan } from './span.js';
import { hold, type Hold, type Pressure, type ValueStep } from './explanation.js';
import { inForce, type RecommendationInput } from './input.js';

/** Why usage is none to recommend from: none, too old, too little. Never a number then, and never the minimum. */
export function missingEvidence(
  { resource, minSamples, now, settings: { staleAfter } }: RecommendationInput,
  usage: Usage | undefined,
): Hold | undefined {
  if (!usage) return hold('NoData', `no ${resource} usage within the window`);
  if (now - usage.to > staleAfter) {
    const message = `the last ${resource} usage is ${formatSpan(now - usage.to)} old; it may be at most ${formatSpan(staleAfter)}`;
    return hold('StaleData', message);
  }
  if (usage.instants < minSamples) {
    return hold('NotEnoughSamples', `have ${usage.instants} samples of ${resource} usage, need ${minSamples}`);
  }
  return undefined;
}

/** How many times the pool's percentile a pod's own is for it to be named. */
const FAR_ABOVE = 2;

/**
 * The pods that a recommendation from all of them together may be too little for, the highest first. Of an idle container every
 * pod is many times nothing: what the lower bound covers, or less than a unit, makes no pod stand out.
 * @param rank of the percentile, from 0 to 1
 */
export function podsFarAbove(usage: Usage, rank: number, input: RecommendationInput): readonly PodPercentile[] {
  const covered = Math.max(boundsOf(input).min, amountOf(input.resource, 1));
  // Nor need any pod be looked at then.
  if (usage.max <= covered) return [];
  return usage.podsAbove(rank, FAR_ABOVE).filter(({ value }) => value > covered);
}

/** Seconds in a day: what nothing is lowered before, unless the window is shorter. */
const DAY = 86_400;

/** A scrape that is missing at the window's edge does not make the history short. */
const ALMOST = 0.99;

/** Nothing is lowered before history covers the window, or a day of it: the quiet hours alone would decide. */
export function shortHistory(amount: number, input: RecommendationInput): ValueStep | undefined {
  const now = inForce(input).request;
  const usage = input.usage?.[input.resource];
  if (!usage || now === undefined || !lowers(input.resource, amount, now)) return undefined;
  const needed = Math.min(durationOf(input.spec.metricsConfig.rollingWindow) / 1000, DAY);
  const covered = coverage(usage, input.now);
  if (covered >= needed * ALMOST) return undefined;
  return { step: 'ShortHistory', covered, needed, value: now };
}

/** Whether an amount, once it is rounded, is below what there is: what was written is a rounded one. */
function lowers(resource: ResourceName, amount: number, now: number): boolean {
  return amount < now && unitsUp(resource, amount) < unitsUp(resource, now);
}

/**
 * Each instant stands for the time up to the next: n of them cover n intervals. What is missing at the end is no short history
 * as long as it is the smaller part: an outage of the provider makes nobody's past shorter.
 */
function coverage({ from, to, instants }: Usage, now: number): number {
  const known = instants < 2 ? 0 : ((to - from) * instants) / (instants - 1);
  const gap = Math.max(0, now - to);
  return gap <= known ? known + gap : known;
}

/**
 * The share of throttled periods from which CPU usage hides demand: P90 stands for the tenth of the time that is busiest, so
 * a tenth of it spent waiting may be just that. (kubernetes-mixin's alert CPUThrottlingHigh fires at a quarter.)
 */
const THROTTLED_SHARE = 0.1;

/** How close to its limit memory is at it: the kernel reclaims before it kills, and a scrape seldom meets the very peak. */
const AT_LIMIT = 0.98;

/** How far above its limit memory may be told to be at it: more was used under another limit, which left room for it. */
const ABOVE_LIMIT = 1.02;

/** Usage pressed against a limit says how much there was, not how much was wanted: it is never a reason to lower anything. */
export function throttled(amount: number, input: RecommendationInput): ValueStep | undefined {
  const pressed = pressure(input);
  const now = inForce(input).request ?? 0;
  const kept = lowers(input.resource, amount, now);
  return pressed && { step: 'Throttled', ...pressed, kept, value: kept ? now : amount };
}

/** How usage was pressed against the limit that is in force, or undefined. */
export function pressure(input: RecommendationInput): Pressure | undefined {
  const { resource, usage } = input;
  if (resource === 'cpu') {
    const share = usage?.throttledShare ?? 0;
    return share > THROTTLED_SHARE ? { by: 'throttling', share } : undefined;
  }
  const { limit } = inForce(input);
  const used = usage?.memory?.max;
  if (limit === undefined || used === undefined) return undefined;
  return used >= limit * AT_LIMIT && used <= limit * ABOVE_LIMIT ? { by: 'memory', used, limit } : undefined;
}
