import type { ManagedFieldsEntry } from 'optipod/kube';
import type { OwnedResource } from 'optipod/lib/apply';

/** `metadata.managedFields` in which a manager said these fields. */
export function managedFieldsOf(
  fields: readonly OwnedResource[],
  manager = 'optipod',
  operation: 'Apply' | 'Update' = 'Apply',
): ManagedFieldsEntry[] {
  const podSpec: Record<string, Record<string, object>> = {};
  for (const { list, container, field, resource } of fields) {
    const containers = (podSpec[`f:${list}`] ??= {});
    const key = `k:${JSON.stringify({ name: container })}`;
    const item = (containers[key] ??= { '.': {}, 'f:name': {}, 'f:resources': {} }) as Record<
      string,
      Record<string, Record<string, object>>
    >;
    const resources = (item['f:resources'] ??= {});
    (resources[`f:${field}`] ??= {})[`f:${resource}`] = {};
  }
  const fieldsV1 = { 'f:spec': { 'f:template': { 'f:spec': podSpec } } };
  return [
    { manager, operation, apiVersion: 'apps/v1', fieldsType: 'FieldsV1', time: '2026-01-02T12:00:00Z', fieldsV1 },
  ];
}
