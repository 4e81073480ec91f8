import type {
  ContainerRecommendation as ReportedContainer,
  RecommendedAmounts,
  ResourceExplanation,
} from '../../imports/types/workload-recommendation.js';
import type { ResourceName } from '../api/index.js';
import { cut, formatBytes, type ResourceRequirements } from '../kube/index.js';
import type { ContainerRecommendation } from './container.js';
import { describeStep, stepValue } from './describe.js';
import type { GradualState } from './gradual.js';
import type { ResourceRecommendation } from './recommend.js';
import { formatInstant } from './span.js';

/** As many as the schema takes. */
const MOST_CONTAINERS = 100;
const MOST_TEXT = 1024;

/** The recommendations of all containers with every step of them, as the WorkloadRecommendation has them. */
export function reportedContainers(containers: readonly ContainerRecommendation[]): ReportedContainer[] {
  return containers.slice(0, MOST_CONTAINERS).map(({ name, resources, cpu, memory }) => ({
    name,
    cpu: explained('cpu', cpu, resources),
    memory: explained('memory', memory, resources),
    ...(memory.gradual ? { gradualDecrease: stored(memory.gradual) } : {}),
  }));
}

function explained(
  resource: ResourceName,
  { steps, request, limit, hold }: ResourceRecommendation,
  resources: ResourceRequirements | undefined,
): ResourceExplanation {
  const current = amounts(resources?.requests?.[resource], resources?.limits?.[resource]);
  const recommended = amounts(request, limit);
  const samples = steps.find((step) => step.step === 'Samples');
  return {
    ...(current ? { current } : {}),
    ...(recommended ? { recommended } : {}),
    ...(samples
      ? {
          samples: samples.samples,
          instants: samples.instants,
          from: formatInstant(samples.from),
          to: formatInstant(samples.to),
        }
      : {}),
    steps: steps.map((step) => {
      const value = stepValue(resource, step);
      return {
        step: step.step,
        ...(value === undefined ? {} : { value }),
        message: cut(describeStep(resource, step), MOST_TEXT),
      };
    }),
    ...(hold ? { hold: { reason: cut(hold.reason, 63), message: cut(hold.message, MOST_TEXT) } } : {}),
  };
}

function amounts(
  request: string | number | undefined,
  limit: string | number | undefined,
): RecommendedAmounts | undefined {
  if (request === undefined && limit === undefined) return undefined;
  return {
    ...(request === undefined ? {} : { request: String(request) }),
    ...(limit === undefined ? {} : { limit: String(limit) }),
  };
}

function stored({ original, value, at }: GradualState) {
  return { original: formatBytes(Math.ceil(original)), value: formatBytes(Math.ceil(value)), at: formatInstant(at) };
}
