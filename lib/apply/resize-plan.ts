import type { ContainerResources, ResourceField, ResourceName } from '../api/index.js';
import {
  compareQuantities,
  quantityOf,
  type Container,
  type LimitRange,
  type PodSpec,
  type ResourceRequirements,
} from '../kube/index.js';
import { patchPod, qosClass, resizableContainers } from '../pod/index.js';

type ContainerList = 'containers' | 'initContainers';

/** What a strategic merge patch of `pods/resize` says of containers: what is to be changed, and nothing else. */
export type ResizePatch = Readonly<
  Partial<Record<ContainerList, readonly { readonly name: string; readonly resources: ResourceRequirements }[]>>
>;

export type ResizePlan =
  | { readonly outcome: 'unchanged' }
  /** Each step waits until the one before is in effect: the kubelet takes together what it finds together. */
  | { readonly outcome: 'resize'; readonly steps: readonly ResizePatch[] }
  | Impossible;

/** Nothing of it is done in place: a pod is not half applied. */
export interface Impossible {
  readonly outcome: 'impossible';
  /** One CamelCase word: why. */
  readonly reason: string;
  /** Continues "in place: ". */
  readonly message: string;
}

const FIELDS = ['requests', 'limits'] as const;
const RESOURCES = ['cpu', 'memory'] as const;

/** An amount of a container that is to be another. */
interface Change {
  readonly list: ContainerList;
  readonly container: Container;
  readonly field: ResourceField;
  readonly resource: ResourceName;
  readonly value: string | number;
  readonly isDecrease: boolean;
}

/**
 * How a running pod gets in place what new pods get, with the checks that new pods go through. A decrease of memory comes
 * apart from the rest, and last where it can: while the kubelet refuses it, because more is in use, everything asked for with it waits.
 * Run on what its steps make of the pod, it finds nothing to do.
 * @param wanted by container; containers that the pod lacks are passed over
 * @param limitRanges those of the pod's namespace
 */
export function planResize(spec: PodSpec, wanted: ContainerResources, limitRanges: readonly LimitRange[]): ResizePlan {
  const patch = patchPod(spec, wanted, limitRanges);
  if (patch.outcome === 'unchanged') return { outcome: 'unchanged' };
  if (patch.outcome === 'refused') return impossible(patch.reason);
  if (spec.os?.name === 'windows') return impossible('WindowsPod');
  if (qosClass(spec) === 'BestEffort') return impossible('BestEffortPod');
  const changes = changesBetween(spec, patch.after);
  const restarting = changes.find(restarts);
  if (restarting) {
    const { container, resource } = restarting;
    return {
      outcome: 'impossible',
      reason: 'RestartContainer',
      message: `the container ${container.name} says in its resizePolicy that it has to restart for another amount of ${resource}`,
    };
  }
  return { outcome: 'resize', steps: inSteps(spec, changes, limitRanges).map(patchOf) };
}

/** Why not, by the reasons of `patchPod` and those of kube-apiserver's validation of a resize. */
const WHY: Readonly<Record<string, string>> = {
  PodLevelResources: 'the pod has resources as a whole, which are not divided anew',
  RequestAboveLimit: 'a request would pass its limit',
  QosClassWouldChange: 'the QoS class of the pod would change, which it cannot while it runs',
  LimitRange: 'a LimitRange of the namespace does not allow it',
  WindowsPod: 'pods on Windows are not resized',
  BestEffortPod: 'a pod without any requests and limits cannot be given some while it runs',
};

function impossible(reason: string): Impossible {
  return { outcome: 'impossible', reason, message: WHY[reason] ?? reason };
}

function changesBetween(before: PodSpec, after: PodSpec): Change[] {
  const next = resizableContainers(after);
  return resizableContainers(before).flatMap(({ container, place: [, list] }, index) =>
    FIELDS.flatMap((field) =>
      RESOURCES.flatMap((resource): Change[] => {
        const from = container.resources?.[field]?.[resource];
        const value = next[index]?.container.resources?.[field]?.[resource];
        if (value === undefined) return [];
        const order = from === undefined ? 1 : compareQuantities(quantityOf(value), quantityOf(from));
        return order === 0 ? [] : [{ list, container, field, resource, value, isDecrease: order < 0 }];
      }),
    ),
  );
}

function restarts({ container, resource }: Change): boolean {
  return (container.resizePolicy ?? []).some(
    ({ resourceName, restartPolicy }) => resourceName === resource && restartPolicy === 'RestartContainer',
  );
}

/** In an order in which the pod is a good one after each step; all at once where there is none. */
function inSteps(spec: PodSpec, changes: readonly Change[], limitRanges: readonly LimitRange[]): (readonly Change[])[] {
  const isMemoryDecrease = ({ resource, isDecrease }: Change) => resource === 'memory' && isDecrease;
  const decreases = changes.filter(isMemoryDecrease);
  const rest = changes.filter((change) => !isMemoryDecrease(change));
  if (decreases.length === 0 || rest.length === 0) return [changes];
  const isGood = (some: readonly Change[]) => patchPod(spec, resourcesOf(some), limitRanges).outcome === 'patched';
  if (isGood(rest)) return [rest, decreases];
  return isGood(decreases) ? [decreases, rest] : [changes];
}

function resourcesOf(changes: readonly Change[]): Map<string, ResourceRequirements> {
  const byContainer = new Map<string, ResourceRequirements>();
  for (const { container, field, resource, value } of changes) {
    const known = byContainer.get(container.name);
    byContainer.set(container.name, { ...known, [field]: { ...known?.[field], [resource]: value } });
  }
  return byContainer;
}

function patchOf(changes: readonly Change[]): ResizePatch {
  const of = (list: ContainerList) =>
    [...resourcesOf(changes.filter((change) => change.list === list))].map(([name, resources]) => ({
      name,
      resources,
    }));
  const [containers, initContainers] = [of('containers'), of('initContainers')];
  return {
    ...(containers.length > 0 ? { containers } : {}),
    ...(initContainers.length > 0 ? { initContainers } : {}),
  };
}
