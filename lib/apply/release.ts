import type { JsonPatchOperation, ObjectMeta } from '../kube/index.js';
import { jsonPointer } from '../kube/index.js';
import { TEMPLATE_MANAGER, type OwnedResource, type ResourceManager } from './resource-managers.js';
import { fieldName, managedFields, type TemplateWorkload } from './template.js';

/** How what is recommended gets into a template, if at all. */
export type TemplateWay = 'unchanged' | 'apply' | 'patch';

export interface ReleaseInput {
  readonly workload: Omit<TemplateWorkload, 'metadata'> & {
    readonly metadata: Pick<ObjectMeta, 'annotations' | 'uid' | 'resourceVersion'>;
  };
  readonly way: TemplateWay;
  readonly updateRequestsOnly: boolean;
}

/**
 * A JSON patch by which OptiPod lets go of what it has no business with any more: of everything where it does not write to the
 * template, else of limits that are no longer managed and containers that are ignored. Only who said a field changes, never a
 * field: no rollout, and an apply that leaves the field out afterwards does not remove it. It is refused (Conflict) where the
 * workload changed since.
 * @returns undefined where there is nothing to let go of
 */
export function releasePatch({ workload, way, updateRequestsOnly }: ReleaseInput): JsonPatchOperation[] | undefined {
  const managed = new Set(managedFields(workload, updateRequestsOnly).map(fieldName));
  const own = workload.managers.filter(({ manager }) => manager === TEMPLATE_MANAGER);
  const operations = own
    // From the last one: what is removed moves those behind it.
    .sort((a, b) => b.place - a.place)
    .flatMap((manager) => {
      if (!isKept(manager, way)) return [removed(manager)];
      const kept = manager.fields.filter((field) => managed.has(fieldName(field)));
      if (kept.length === 0) return [removed(manager)];
      return kept.length === manager.fields.length ? [] : [narrowed(manager, kept)];
    });
  if (operations.length === 0) return undefined;
  const { uid, resourceVersion } = workload.metadata;
  return [
    // Written as they are, both are preconditions; a test that fails would be Invalid rather than a Conflict.
    { op: 'replace', path: '/metadata/uid', value: uid },
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    ...operations,
  ];
}

/** What a patch said forgets nothing by itself: only an apply has to be narrowed while OptiPod goes on. */
function isKept({ operation }: ResourceManager, way: TemplateWay): boolean {
  return way === 'apply' || (way === 'patch' && operation !== 'Apply');
}

function removed({ place }: ResourceManager): JsonPatchOperation {
  return { op: 'remove', path: jsonPointer('metadata', 'managedFields', place) };
}

function narrowed({ place }: ResourceManager, kept: readonly OwnedResource[]): JsonPatchOperation {
  return { op: 'replace', path: jsonPointer('metadata', 'managedFields', place, 'fieldsV1'), value: fieldsV1(kept) };
}

interface Tree {
  [key: string]: Tree;
}

/** As kube-apiserver writes it for an apply that says just these. */
function fieldsV1(fields: readonly OwnedResource[]): Tree {
  const podSpec: Tree = {};
  for (const { list, container, field, resource } of fields) {
    const containers = (podSpec[`f:${list}`] ??= {});
    const item = (containers[`k:${JSON.stringify({ name: container })}`] ??= { '.': {}, 'f:name': {} });
    const resources = (item['f:resources'] ??= {});
    (resources[`f:${field}`] ??= {})[`f:${resource}`] = {};
  }
  return { 'f:spec': { 'f:template': { 'f:spec': podSpec } } };
}
