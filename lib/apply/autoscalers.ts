import { RESOURCE_NAMES, type ResourceName } from '../api/index.js';
import { WORKLOAD_KINDS, type WorkloadKind } from '../policy/index.js';
import type { ClusterHold } from '../recommend/index.js';
import type {
  HorizontalPodAutoscalerObject,
  HpaResource,
  ScaledObjectObject,
  ScaleTargetRef,
  VerticalPodAutoscalerObject,
  VpaContainerPolicy,
} from './autoscaler-objects.js';

/** The workload that an autoscaler is about, in its own namespace. */
export interface AutoscalerTarget {
  readonly kind: WorkloadKind;
  readonly name: string;
}

/** What an autoscaler goes by, or sets itself. */
export interface Claim {
  readonly resource: ResourceName;
  /** Absent where it is about all containers but those of `except`. */
  readonly container?: string;
  readonly except?: readonly string[];
}

/** An autoscaler, as far as it keeps recommendations from being applied. */
export interface Autoscaler {
  readonly target: AutoscalerTarget;
  readonly claims: readonly Claim[];
  readonly reason: 'HeldByHPA' | 'HeldByKEDA' | 'HeldByVPA';
  /** Kind and name: `HorizontalPodAutoscaler web`. */
  readonly what: string;
}

/**
 * An HPA on Utilization goes by a share of the request: a request that follows usage leaves it nothing to see, and the two
 * drive one another. One on AverageValue goes by usage alone.
 * @returns undefined where it holds nothing
 */
export function horizontalAutoscaler({
  metadata,
  spec: { scaleTargetRef, metrics },
}: HorizontalPodAutoscalerObject): Autoscaler | undefined {
  // autoscaling/v2 says its default, 80 % of CPU, where it has no metrics.
  const claims = (metrics ?? [{ type: 'Resource', resource: DEFAULT_METRIC }]).flatMap((metric): Claim[] => {
    const of = metric.type === 'ContainerResource' ? metric.containerResource : metric.resource;
    const resource = resourceNamed(of?.name);
    if (!resource || of?.target.type !== 'Utilization') return [];
    const container = metric.containerResource?.container;
    return [{ resource, ...(container === undefined ? {} : { container }) }];
  });
  const scaledObject = metadata.ownerReferences?.find(({ kind }) => kind === 'ScaledObject');
  return autoscaler(
    scaleTargetRef,
    claims,
    scaledObject ? 'HeldByKEDA' : 'HeldByHPA',
    scaledObject ? `ScaledObject ${scaledObject.name}` : `HorizontalPodAutoscaler ${metadata.name}`,
  );
}

const DEFAULT_METRIC: HpaResource = { name: 'cpu', target: { type: 'Utilization' } };

/**
 * KEDA makes an HPA of it, which says the same, unless it is paused or cannot yet: then it goes by the same shares later.
 * @returns undefined where it holds nothing
 */
export function scaledObject({
  metadata,
  spec: { scaleTargetRef, triggers = [] },
}: ScaledObjectObject): Autoscaler | undefined {
  const claims = triggers.flatMap(({ type, metricType, metadata: said = {} }): Claim[] => {
    const resource = resourceNamed(type);
    // Older ones say it in the metadata.
    if (!resource || (metricType ?? said.type) !== 'Utilization') return [];
    const container = said.containerName;
    return [{ resource, ...(container === undefined ? {} : { container }) }];
  });
  return autoscaler(scaleTargetRef, claims, 'HeldByKEDA', `ScaledObject ${metadata.name}`);
}

/**
 * A VPA that acts sets requests itself, at admission or by replacing pods; in mode Off it only recommends.
 * @returns undefined where it holds nothing
 */
export function verticalAutoscaler({
  metadata,
  spec: { targetRef, updatePolicy, resourcePolicy },
}: VerticalPodAutoscalerObject): Autoscaler | undefined {
  if (!targetRef || updatePolicy?.updateMode === 'Off') return undefined;
  const policies: readonly VpaContainerPolicy[] = resourcePolicy?.containerPolicies ?? [];
  const named = policies.map(({ containerName = EVERY }) => containerName).filter((name) => name !== EVERY);
  // Containers that no policy names are controlled, too.
  const all = named.length === policies.length ? [...policies, {}] : policies;
  const claims = all.flatMap(({ containerName = EVERY, mode, controlledResources = RESOURCE_NAMES }): Claim[] => {
    if (mode === 'Off') return [];
    const which = containerName === EVERY ? { except: named } : { container: containerName };
    return RESOURCE_NAMES.filter((resource) => controlledResources.includes(resource)).map((resource) => ({
      resource,
      ...which,
    }));
  });
  return autoscaler(targetRef, claims, 'HeldByVPA', `VerticalPodAutoscaler ${metadata.name}`);
}

const EVERY = '*';

/** What an autoscaler holds of a workload with these containers. */
export function holdsOfAutoscaler(
  { claims, reason, what }: Omit<Autoscaler, 'target'>,
  containers: readonly string[],
): ClusterHold[] {
  return claims.flatMap(({ resource, container, except = [] }): ClusterHold[] => {
    const message = messageOf(reason, what, resource);
    if (container !== undefined) return [{ container, resource, reason, message }];
    if (except.length === 0) return [{ resource, reason, message }];
    return containers
      .filter((name) => !except.includes(name))
      .map((name) => ({ container: name, resource, reason, message }));
  });
}

function messageOf(reason: Autoscaler['reason'], what: string, resource: ResourceName): string {
  if (reason === 'HeldByVPA') {
    return `${what} sets ${resource} itself: set its updateMode to "Off", or leave ${resource} out of its controlledResources`;
  }
  const instead = reason === 'HeldByKEDA' ? 'metricType AverageValue' : 'a target of type AverageValue';
  return (
    `${what} scales by ${resource} as a share of its request, which a changed request would change: ` +
    `let it go by ${instead}, or by another metric`
  );
}

function autoscaler(
  { apiVersion = 'apps/v1', kind = 'Deployment', name }: ScaleTargetRef,
  claims: readonly Claim[],
  reason: Autoscaler['reason'],
  what: string,
): Autoscaler | undefined {
  const known = WORKLOAD_KINDS.find((one) => one === kind);
  if (!apiVersion.startsWith('apps/') || !known || claims.length === 0) return undefined;
  return { target: { kind: known, name }, claims, reason, what };
}

function resourceNamed(name: string | undefined): ResourceName | undefined {
  return RESOURCE_NAMES.find((resource) => resource === name);
}
