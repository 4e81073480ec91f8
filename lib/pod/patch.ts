import {
  RESOURCE_FIELDS,
  RESOURCE_NAMES,
  type ContainerResources,
  type ResourceField,
  type ResourceName,
} from '../api/index.js';
import {
  compareQuantities,
  jsonPointer,
  parseQuantity,
  type Container,
  type JsonPatchOperation,
  type LimitRange,
  type PodSpec,
  type Quantity,
  type ResourceQuota,
  type ResourceRequirements,
} from '../kube/index.js';
import { defaultLimits, limitRangeViolation } from './limit-range.js';
import { hasPodLevelResources } from './pod-level.js';
import { qosClass } from './qos.js';
import { quotaDemands, unmetDemand } from './quota.js';
import { resizableContainers } from './resizable.js';

/** A value that could not be used; the rest was. */
export interface SkippedValue {
  readonly container: string;
  readonly field: string;
  readonly value: string;
}

export type PodPatch =
  | {
      readonly outcome: 'patched';
      readonly operations: readonly JsonPatchOperation[];
      /** The pod as they make it. */
      readonly after: PodSpec;
      readonly skipped: readonly SkippedValue[];
    }
  | { readonly outcome: 'unchanged'; readonly skipped: readonly SkippedValue[] }
  /** The pod would not be valid, or not the pod its author made: it is left as it is, whole. */
  | { readonly outcome: 'refused'; readonly reason: string; readonly skipped: readonly SkippedValue[] };

/**
 * The JSON patch that gives a pod recommended resources: nothing but containers' CPU and memory, only what differs, applied
 * and checked here before kube-apiserver sees it. Running it on its own result changes nothing.
 * @param spec the received pod's, with what kube-apiserver's own admission has defaulted.
 * @param limitRanges those of the pod's namespace.
 * @param quotas those of the pod's namespace; a running pod, whose class cannot change, needs none.
 */
export function patchPod(
  spec: PodSpec,
  recommended: ContainerResources,
  limitRanges: readonly LimitRange[],
  quotas: readonly ResourceQuota[] = [],
): PodPatch {
  const skipped: SkippedValue[] = [];
  if (hasPodLevelResources(spec)) return { outcome: 'refused', reason: 'PodLevelResources', skipped };
  const operations: JsonPatchOperation[] = [];
  const patched = new Map<Container, Container>();
  for (const { container, place } of resizableContainers(spec)) {
    const wanted = recommended.get(container.name);
    if (!wanted) continue;
    const changes = changesOf(container, wanted, skipped);
    if (!changes) continue;
    operations.push(...operationsFor(place, container.resources, changes));
    patched.set(container, { ...container, resources: merge(container.resources, changes) });
  }
  if (operations.length === 0) return { outcome: 'unchanged', skipped };
  const after: PodSpec = {
    ...spec,
    containers: spec.containers.map((container) => patched.get(container) ?? container),
    ...(spec.initContainers
      ? { initContainers: spec.initContainers.map((container) => patched.get(container) ?? container) }
      : {}),
  };
  const reason = invalidity(spec, after, limitRanges) ?? uncountable(spec, after, quotas);
  return reason ? { outcome: 'refused', reason, skipped } : { outcome: 'patched', operations, after, skipped };
}

type Amounts = Partial<Record<ResourceField, Record<string, string>>>;

/** What differs between a container and its recommendation; equal amounts in another spelling do not. */
function changesOf({ name, resources }: Container, wanted: ResourceRequirements, skipped: SkippedValue[]) {
  const changes: Amounts = {};
  for (const field of RESOURCE_FIELDS) {
    for (const resource of RESOURCE_NAMES) {
      const value = wanted[field]?.[resource];
      if (value === undefined) continue;
      const quantity = parseQuantity(value);
      if (!quantity || quantity.nanos <= 0n) {
        skipped.push({ container: name, field: `${field}.${resource}`, value: String(value) });
        continue;
      }
      const current = resources?.[field]?.[resource];
      const present = current === undefined ? undefined : parseQuantity(current);
      const isThere = present !== undefined && compareQuantities(present, quantity) === 0;
      const cap = isThere && field === 'requests' ? limitSetSince(resource, quantity, resources, wanted) : undefined;
      if (isThere && cap === undefined) continue;
      changes[field] = { ...changes[field], [resource]: String(cap ?? value) };
    }
  }
  return Object.keys(changes).length > 0 ? changes : undefined;
}

/**
 * The limit that is lower than a request which is as recommended: another webhook set it after this one had set the request, and
 * kube-apiserver, which would have taken the pod with its own request, would refuse it.
 */
function limitSetSince(
  resource: ResourceName,
  request: Quantity,
  resources: ResourceRequirements | undefined,
  wanted: ResourceRequirements,
): string | number | undefined {
  const limit = resources?.limits?.[resource];
  if (limit === undefined || wanted.limits?.[resource] !== undefined) return undefined;
  const quantity = parseQuantity(limit);
  return quantity && quantity.nanos > 0n && compareQuantities(quantity, request) < 0 ? limit : undefined;
}

/** Adds to a map that is there, key by key; makes a map that is not. */
function operationsFor(
  place: readonly (string | number)[],
  current: ResourceRequirements | undefined,
  changes: Amounts,
): JsonPatchOperation[] {
  if (!current) return [{ op: 'add', path: jsonPointer(...place, 'resources'), value: changes }];
  return RESOURCE_FIELDS.flatMap((field): JsonPatchOperation[] => {
    const amounts = changes[field];
    if (!amounts) return [];
    if (!current[field]) return [{ op: 'add', path: jsonPointer(...place, 'resources', field), value: amounts }];
    return Object.entries(amounts).map(([resource, value]) => ({
      op: current[field]?.[resource] === undefined ? 'add' : 'replace',
      path: jsonPointer(...place, 'resources', field, resource),
      value,
    }));
  });
}

function merge(current: ResourceRequirements | undefined, changes: Amounts): ResourceRequirements {
  return {
    ...current,
    ...Object.fromEntries(
      RESOURCE_FIELDS.flatMap((field) => (changes[field] ? [[field, { ...current?.[field], ...changes[field] }]] : [])),
    ),
  };
}

/** Why kube-apiserver, or the pod's author, would not want this pod; undefined for a good one. */
function invalidity(before: PodSpec, after: PodSpec, limitRanges: readonly LimitRange[]): string | undefined {
  if (asksAboveLimit(after, limitRanges)) return 'RequestAboveLimit';
  // Of a pod that nobody would take the class says nothing.
  if (asksAboveLimit(before, [])) return undefined;
  const was = qosClass(before);
  // A pod without any resources cannot keep its class once it is given some.
  if (was !== 'BestEffort' && qosClass(after) !== was) return 'QosClassWouldChange';
  return limitRangeViolation(before, after, limitRanges) ? 'LimitRange' : undefined;
}

/** A BestEffort pod that is given anything counts for quotas that passed it over, and that may want what it lacks. */
function uncountable(before: PodSpec, after: PodSpec, quotas: readonly ResourceQuota[]): string | undefined {
  if (qosClass(before) !== 'BestEffort') return undefined;
  return unmetDemand(after, quotaDemands(quotas, after)) ? 'ResourceQuota' : undefined;
}

function asksAboveLimit(pod: PodSpec, limitRanges: readonly LimitRange[]): boolean {
  const defaults = defaultLimits(limitRanges);
  return resizableContainers(pod).some(({ container }) =>
    RESOURCE_NAMES.some((resource) => {
      const request = parseQuantity(container.resources?.requests?.[resource] ?? '');
      const own = container.resources?.limits?.[resource];
      const limits = own === undefined ? defaults.map((limit) => limit[resource] ?? '') : [own];
      const passes = (limit: Quantity | undefined) => request && limit && compareQuantities(request, limit) > 0;
      return limits.some((limit) => passes(parseQuantity(limit)));
    }),
  );
}
