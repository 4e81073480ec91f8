import type { ManagedFieldsEntry } from '../kube/index.js';
import { descend } from './fields-tree.js';

/** The managers that said any of these annotations. */
export function annotationManagers(
  managedFields: readonly ManagedFieldsEntry[] = [],
  keys: readonly string[],
): readonly string[] {
  const found = managedFields.flatMap(({ manager, fieldsV1 }) => {
    const annotations = descend(fieldsV1, 'f:metadata', 'f:annotations');
    return manager !== undefined && keys.some((key) => `f:${key}` in annotations) ? [manager] : [];
  });
  return [...new Set(found)];
}
