import type { ResourceName } from '../api/index.js';
import { formatAmount } from './amount.js';
import type { FloorCause, Pressure, Step } from './explanation.js';
import { formatShare } from './min-change.js';
import { formatInstant, formatSpan } from './span.js';

/** How many pods are named; who has more wants to see usage itself. */
const MOST_PODS = 3;

/** A step in words, for somebody who sees OptiPod for the first time. Amounts are written as quantities. */
export function describeStep(resource: ResourceName, step: Step): string {
  const say = (amount: number) => formatAmount(resource, amount);
  switch (step.step) {
    case 'Samples':
      return `${step.samples} samples of all pods, at ${step.instants} instants over ${formatSpan(step.to - step.from)}`;
    case 'Percentile':
      return `${PERCENT[step.percentile] ?? step.percentile} of the samples are at or below this (metricsConfig.percentile is ${step.percentile})`;
    case 'PodsAbove': {
      const pods = step.pods.slice(0, MOST_PODS).map(({ pod, value }) => `${pod} (${say(value)})`);
      const more = step.pods.length > MOST_PODS ? ` and ${step.pods.length - MOST_PODS} more` : '';
      return `these pods use far more than all together: ${step.percentile} of ${pods.join(', ')}${more} alone`;
    }
    case 'SafetyFactor':
      return `times metricsConfig.safetyFactor, ${step.factor}`;
    case 'Bounds':
      return step.bound === 'min'
        ? `raised to resourceBounds.${resource}.min`
        : `resourceBounds.${resource}.max is the most that is ever requested`;
    case 'ShortHistory':
      return `kept at what it is: ${formatSpan(step.covered)} of usage are known, and nothing is lowered before ${formatSpan(step.needed)} are`;
    case 'Throttled':
      return `${pressed(step)}, so more was wanted than was seen${step.kept ? ': kept at what it is, not lowered' : ''}`;
    case 'MemoryFloor': {
      const headroom = `with a headroom of ${formatShare(step.headroom)} that asks for ${say(step.cause.bytes * (1 + step.headroom))}`;
      const rest = step.ignored ? '; set aside by updateStrategy.allowUnsafeMemoryDecrease' : '';
      return `${cause(step.cause, say)}; ${headroom}${rest}`;
    }
    case 'Rounding':
      return resource === 'cpu' ? 'in whole millicores' : 'in whole mebibytes';
    case 'GradualDecrease':
      return gradually(step, say);
    case 'LimitRange':
      return `a LimitRange of the namespace sets this ${LIMIT_RANGE_RULES[step.rule]}`;
    case 'LargestNode':
      return 'no node has more to give';
    case 'CappedByLimit': {
      const killed =
        step.killedAt === undefined ? '' : `, although a container was OOM-killed at ${say(step.killedAt)}`;
      return (
        `${say(step.wanted)} is wanted, but a request cannot be above its limit, and updateRequestsOnly leaves the limit ` +
        `at ${say(step.value)}${killed}`
      );
    }
    case 'LimitEqualsRequest':
      return 'the limit is the request, as the pod is Guaranteed; limitConfig is set aside';
    case 'Limit':
      return `the limit: ${limitReason(step, resource)}`;
    case 'KeptBurstable':
      return `${step.field === 'request' ? 'one unit below the limit' : 'one unit above the request'}: with every request at its limit the QoS class of the pod would become Guaranteed`;
    case 'BecomesBurstable':
      return 'the pod requests nothing today (BestEffort); with this a new pod is Burstable, and a running one cannot become so';
  }
}

/** What is shown as the value of a step: a quantity, where the step led to one. */
export function stepValue(resource: ResourceName, step: Step): string | undefined {
  return 'value' in step ? formatAmount(resource, step.value) : undefined;
}

const PERCENT: Readonly<Record<string, string>> = { P50: '50%', P90: '90%', P99: '99%' };

const LIMIT_RANGE_RULES = {
  min: 'minimum',
  max: 'maximum',
  maxLimitRequestRatio: 'minimum, as the limit may be only so many times the request',
} as const;

type Say = (amount: number) => string;

function pressed(pressure: Pressure): string {
  return pressure.by === 'throttling'
    ? `CPU was throttled in ${formatShare(pressure.share)} of the periods`
    : `memory reached ${formatAmount('memory', pressure.used)} of its limit of ${formatAmount('memory', pressure.limit)}`;
}

function cause(floor: FloorCause, say: Say): string {
  if (floor.was === 'killed') return `${floor.pod} was OOM-killed at ${say(floor.bytes)} (${formatInstant(floor.at)})`;
  const when = floor.at === undefined ? '' : ` (${formatInstant(floor.at)})`;
  return `the most that a pod was seen to use is ${say(floor.bytes)}${when}`;
}

function gradually(step: Extract<Step, { step: 'GradualDecrease' }>, say: Say): string {
  const way = `from ${say(step.from)} towards ${say(step.target)}`;
  switch (step.does) {
    case 'steps':
      return `a step ${way}: at most ${step.percent}% at a time`;
    case 'waits':
      return `on the way ${way}: the next step comes an interval after the last one, once all pods have that`;
    case 'rests':
      return `not down to ${say(step.target)}: gradualDecreaseConfig.maximumTotalDecrease is reached, counted from ${say(step.original)}`;
  }
}

function limitReason({ because, multiplier }: Extract<Step, { step: 'Limit' }>, resource: ResourceName): string {
  switch (because) {
    case 'MemoryFloor':
      return 'what was used at most or killed at, with headroom, which is more than the multiplier asks for';
    case 'Throttled':
      return 'kept at what it is, as usage was pressed against it';
    case 'LimitRange':
      return 'as high as a LimitRange of the namespace allows';
    default:
      return `the request times limitConfig.${resource}LimitMultiplier, ${multiplier}`;
  }
}
