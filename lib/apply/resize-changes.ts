import {
  RESOURCE_FIELDS,
  RESOURCE_NAMES,
  type ContainerResources,
  type ResourceField,
  type ResourceName,
} from '../api/index.js';
import {
  compareQuantities,
  quantityOf,
  type Container,
  type PodSpec,
  type ResourceRequirements,
} from '../kube/index.js';
import { resizableContainers } from '../pod/index.js';
import { byContainer } from './by-container.js';

type ContainerList = 'containers' | 'initContainers';

/** What a strategic merge patch of `pods/resize` says of containers: what is to be changed, and nothing else. */
export type ResizePatch = Readonly<
  Partial<Record<ContainerList, readonly { readonly name: string; readonly resources: ResourceRequirements }[]>>
>;

/** An amount of a container that is to be another. */
export interface Change {
  readonly list: ContainerList;
  readonly container: Container;
  readonly field: ResourceField;
  readonly resource: ResourceName;
  readonly value: string | number;
  readonly isDecrease: boolean;
}

/** What of the containers that can be right-sized is another amount; another spelling of the same is none. */
export function changesBetween(before: PodSpec, after: PodSpec): Change[] {
  const next = resizableContainers(after);
  return resizableContainers(before).flatMap(({ container, place: [, list] }, index) =>
    RESOURCE_FIELDS.flatMap((field) =>
      RESOURCE_NAMES.flatMap((resource): Change[] => {
        const from = container.resources?.[field]?.[resource];
        const value = next[index]?.container.resources?.[field]?.[resource];
        if (value === undefined) return [];
        const order = from === undefined ? 1 : compareQuantities(quantityOf(value), quantityOf(from));
        return order === 0 ? [] : [{ list, container, field, resource, value, isDecrease: order < 0 }];
      }),
    ),
  );
}

/** By container. */
export function resourcesOf(changes: readonly Change[]): Map<string, ResourceRequirements> {
  return byContainer(changes.map(({ container, ...change }) => ({ ...change, container: container.name })));
}

/** The pod with other amounts of some containers. */
export function withResources(spec: PodSpec, resources: ContainerResources): PodSpec {
  const changed = (container: Container): Container => {
    const { requests, limits } = resources.get(container.name) ?? {};
    if (!requests && !limits) return container;
    return {
      ...container,
      resources: {
        ...container.resources,
        ...(requests ? { requests: { ...container.resources?.requests, ...requests } } : {}),
        ...(limits ? { limits: { ...container.resources?.limits, ...limits } } : {}),
      },
    };
  };
  return {
    ...spec,
    containers: spec.containers.map(changed),
    ...(spec.initContainers ? { initContainers: spec.initContainers.map(changed) } : {}),
  };
}

export function patchOf(changes: readonly Change[]): ResizePatch {
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
