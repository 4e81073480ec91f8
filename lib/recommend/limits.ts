import { parseQuantity } from '../kube/index.js';
import { qosClass } from '../pod/index.js';
import { amountOf, formatAmount, formatUnits, unitsDown, unitsUp, unitsWithin } from './amount.js';
import { limitRangeBounds } from './clamps.js';
import { pressure } from './evidence.js';
import { hold, type Hold, type Step, type ValueStep } from './explanation.js';
import { inForce, type RecommendationInput } from './input.js';
import { safeFloor } from './memory-floor.js';

/** A request and a limit as they are to be written. */
export interface Numbers {
  readonly request: string;
  /** Absent where limits are left alone. */
  readonly limit?: string;
}

/** How the limit came to be, or what it did to the request, besides. */
export interface Requirements extends Numbers {
  readonly steps: readonly Step[];
  readonly hold?: Hold;
}

export function numbersOf({ request, limit }: Requirements): Numbers {
  return { request, ...(limit === undefined ? {} : { limit }) };
}

/** @param amount of the request: cores or bytes, of whole units, one at least */
export function requirements(amount: number, input: RecommendationInput): Requirements {
  const { spec, pod } = input;
  const units = unitsUp(input.resource, amount);
  if (spec.updateStrategy.updateRequestsOnly) return requestOnly(units, input);
  return qosClass(pod) === 'Guaranteed' ? limitEqualsRequest(units, input) : limitAboveRequest(units, input);
}

/** A request above a limit that stays as it is would make the pod invalid. */
function requestOnly(units: number, input: RecommendationInput): Requirements {
  const { resource, resources, usage } = input;
  const own = resources?.limits?.[resource];
  const limit = own === undefined ? undefined : parseQuantity(own);
  const most = limit === undefined ? Infinity : unitsWithin(resource, limit);
  if (units <= most) return { request: formatUnits(resource, units), steps: newlyBurstable(units, input) };
  const wanted = amountOf(resource, units);
  const killedAt = resource === 'memory' ? usage?.oomKill?.bytes : undefined;
  const step: ValueStep = {
    step: 'CappedByLimit',
    wanted,
    ...(killedAt === undefined ? {} : { killedAt }),
    value: Math.min(wanted, Number(limit?.nanos ?? 0n) / 1e9),
  };
  // A limit finer than a unit leaves nothing whole below it: the limit itself is the request.
  const request = most >= 1 ? formatUnits(resource, most) : String(own);
  if (limit && limit.nanos > 0n) return { request, steps: [step] };
  return { request, steps: [step], hold: hold('CappedByLimit', `the container's limit of ${resource} is 0`) };
}

/** A Guaranteed pod stays so, with its limit at the request; the multiplier is set aside. */
function limitEqualsRequest(units: number, input: RecommendationInput): Requirements {
  const { resource } = input;
  const request = formatUnits(resource, units);
  const value = amountOf(resource, units);
  const steps: Step[] = [{ step: 'LimitEqualsRequest', value }];
  const floor = safeFloor(input);
  const before = inForce(input).limit;
  // A limit that is too low and higher than before is better than none; one that is lower than before is not.
  if (!floor || value >= floor.bytes || before === undefined || value >= before)
    return { request, limit: request, steps };
  const message =
    `the pod is Guaranteed, so its memory limit would be its request of ${request}, below the ` +
    `${formatAmount('memory', floor.bytes)} that it was seen to need`;
  return { request, limit: request, steps, hold: hold('HeldByQoS', message) };
}

/** limit = request × multiplier; never below the request, for memory never below the floor, never lowered under pressure. */
function limitAboveRequest(units: number, input: RecommendationInput): Requirements {
  const { resource, spec } = input;
  const { cpuLimitMultiplier, memoryLimitMultiplier } = spec.updateStrategy.limitConfig;
  const multiplier = resource === 'cpu' ? cpuLimitMultiplier : memoryLimitMultiplier;
  const request = amountOf(resource, units);
  const before = inForce(input).limit;
  const floor = safeFloor(input)?.bytes ?? 0;
  const candidates: readonly (readonly [number, 'MemoryFloor' | 'Throttled' | undefined])[] = [
    [request * multiplier, undefined],
    [floor, 'MemoryFloor'],
    [pressure(input) ? (before ?? 0) : 0, 'Throttled'],
  ];
  const [wanted, because] = candidates.reduce((most, one) => (one[0] > most[0] ? one : most));
  const { max, ratio } = limitRangeBounds(input);
  const most = unitsDown(resource, Math.min(max, request * ratio));
  const limitUnits = Math.max(units, Math.min(unitsUp(resource, wanted), most));
  const value = amountOf(resource, limitUnits);
  const reason = limitUnits === most && unitsUp(resource, wanted) > most ? 'LimitRange' : because;
  const step: ValueStep = { step: 'Limit', multiplier, ...(reason ? { because: reason } : {}), value };
  return {
    request: formatUnits(resource, units),
    limit: formatUnits(resource, limitUnits),
    steps: [step, ...newlyBurstable(units, input)],
    ...(before !== undefined && value < floor && value < before ? { hold: belowFloor(value, floor) } : {}),
  };
}

function belowFloor(limit: number, floor: number): Hold {
  const message =
    `a LimitRange allows a memory limit of ${formatAmount('memory', limit)}, below the ` +
    `${formatAmount('memory', floor)} that the container was seen to need`;
  return hold('LimitRange', message);
}

/** A pod without any resources cannot keep its class once it is given some, and a running one cannot be given any. */
function newlyBurstable(units: number, { resource, pod }: RecommendationInput): Step[] {
  return qosClass(pod) === 'BestEffort' ? [{ step: 'BecomesBurstable', value: amountOf(resource, units) }] : [];
}
