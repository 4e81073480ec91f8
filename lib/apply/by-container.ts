import type { ResourceField, ResourceName } from '../api/index.js';

/** One amount of one container; a value may be null where an amount is to go. */
interface ContainerAmount<Value> {
  readonly container: string;
  readonly field: ResourceField;
  readonly resource: ResourceName;
  readonly value: Value;
}

type Amounts<Value> = Readonly<Partial<Record<ResourceField, Readonly<Record<string, Value>>>>>;

/** Amounts as the resources of containers have them, by the names of the containers. */
export function byContainer<Value>(amounts: readonly ContainerAmount<Value>[]): Map<string, Amounts<Value>> {
  const containers = new Map<string, Amounts<Value>>();
  for (const { container, field, resource, value } of amounts) {
    const resources = containers.get(container) ?? {};
    containers.set(container, { ...resources, [field]: { ...resources[field], [resource]: value } });
  }
  return containers;
}
