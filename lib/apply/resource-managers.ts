import { RESOURCE_FIELDS, RESOURCE_NAMES } from '../api/index.js';
import { isRecord, type ManagedFieldsEntry } from '../kube/index.js';
import { descend, type FieldsTree } from './fields-tree.js';

/** A container's resource, as messages name it: `requests.cpu` of `web`. */
export interface OwnedResource {
  readonly container: string;
  /** Init containers are other fields than containers. */
  readonly list: 'containers' | 'initContainers';
  readonly field: 'requests' | 'limits';
  readonly resource: 'cpu' | 'memory';
}

/** Under which OptiPod says what the containers of a template have; its annotations are another manager's. */
export const TEMPLATE_MANAGER = 'optipod';

/** A field manager, and what it said of the resources in a workload's template. */
export interface ResourceManager {
  readonly manager: string;
  readonly operation: string;
  /** RFC 3339. */
  readonly time?: string;
  /** Its place in `metadata.managedFields`. */
  readonly place: number;
  readonly fields: readonly OwnedResource[];
}

const LISTS = ['containers', 'initContainers'] as const;

/**
 * Who said which CPU and memory of a template's containers. Managers that said none are left out, but for OptiPod's where it has
 * anything left of a container: even its name alone keeps others from removing the container by an apply.
 */
export function resourceManagers(managedFields: readonly ManagedFieldsEntry[] = []): ResourceManager[] {
  return managedFields.flatMap(({ manager = '', operation = '', time, fieldsV1, subresource = '' }, place) => {
    if (subresource !== '') return [];
    const podSpec = descend(fieldsV1, 'f:spec', 'f:template', 'f:spec');
    const fields = LISTS.flatMap((list) =>
      Object.entries(descend(podSpec, `f:${list}`)).flatMap(([key, container]) => {
        const name = nameIn(key);
        return name === undefined ? [] : owned(list, name, descend(container, 'f:resources'));
      }),
    );
    const isLeftover = manager === TEMPLATE_MANAGER && LISTS.some((list) => `f:${list}` in podSpec);
    if (fields.length === 0 && !isLeftover) return [];
    return [{ manager, operation, ...(time === undefined ? {} : { time }), place, fields }];
  });
}

function owned(list: OwnedResource['list'], container: string, resources: FieldsTree): OwnedResource[] {
  return RESOURCE_FIELDS.flatMap((field) => {
    const amounts = descend(resources, `f:${field}`);
    return RESOURCE_NAMES.filter((resource) => `f:${resource}` in amounts).map((resource) => ({
      container,
      list,
      field,
      resource,
    }));
  });
}

/** `k:{"name":"web"}`: the item of a list. */
function nameIn(key: string): string | undefined {
  if (!key.startsWith('k:')) return undefined;
  const keys: unknown = JSON.parse(key.slice(2));
  const name = isRecord(keys) ? keys.name : undefined;
  return typeof name === 'string' ? name : undefined;
}
