import { qosClass } from '../pod/index.js';
import { amountIn, formatAmount } from './amount.js';
import { boundsOf } from './bounds.js';
import { limitRangeBounds } from './clamps.js';
import { hold, type Hold } from './explanation.js';
import { lastSaid, writesTemplate, type Amounts, type RecommendationInput } from './input.js';
import { numbersOf, type Numbers, type Requirements } from './limits.js';
import { safeFloor } from './memory-floor.js';

/** Floating point: 0.1 to 0.105 is a change of 5 %. */
const NOISE = 1e-9;

/**
 * What stays where the final target differs too little from it to matter. What was last said is given up all the same where it
 * cannot stand: outside the bounds, above a limit, or below what was used or killed at, however close.
 */
export function tooSmall(
  final: Requirements,
  input: RecommendationInput,
): (Numbers & { readonly hold: Hold; readonly wanted: Numbers }) | undefined {
  const said = lastSaid(input);
  const change = largestChange(final, said);
  const { minChange } = input.settings;
  if (change === 0 || change >= minChange * (1 - NOISE) || !canStand(said, input)) return undefined;
  const { resource, resources } = input;
  const standing = writesTemplate(input.spec) ? undefined : input.standing;
  const request = standing?.requests?.[resource] ?? resources?.requests?.[resource] ?? final.request;
  const limit = standing?.limits?.[resource] ?? resources?.limits?.[resource];
  const message =
    `${final.request}${final.limit === undefined ? '' : ` (limit ${final.limit})`} is within ` +
    `${formatShare(minChange)} of ${formatAmount(resource, said.request ?? 0)}: too small a change to matter`;
  return {
    request: String(request),
    ...(final.limit === undefined || limit === undefined ? {} : { limit: String(limit) }),
    hold: hold('BelowThreshold', message),
    wanted: numbersOf(final),
  };
}

/** Whether all that is recommended was last said, too. */
export function changesNothing(now: Requirements, input: RecommendationInput): boolean {
  return largestChange(now, lastSaid(input)) === 0;
}

/** `5%`, `12.5%`. */
export function formatShare(share: number): string {
  return `${Math.round(share * 1000) / 10}%`;
}

/** As a share of what was last said; infinite where something was not said. */
function largestChange(now: Requirements, said: Amounts): number {
  const change = (after: string, before: number | undefined) =>
    before === undefined ? Infinity : Math.abs((amountIn(after) ?? 0) - before) / before;
  return Math.max(change(now.request, said.request), now.limit === undefined ? 0 : change(now.limit, said.limit));
}

function canStand({ request = 0, limit = Infinity }: Amounts, input: RecommendationInput): boolean {
  const { min, max } = boundsOf(input);
  const allowed = limitRangeBounds(input);
  const needed = safeFloor(input)?.cause.bytes ?? 0;
  const managed = !input.spec.updateStrategy.updateRequestsOnly;
  return (
    request >= Math.max(min, allowed.min, needed) &&
    request <= Math.min(max, allowed.max, limit) &&
    !(managed && (limit < needed || (qosClass(input.pod) === 'Guaranteed' && limit !== request)))
  );
}
