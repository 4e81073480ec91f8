import type { Resource } from '../resource.js';

/** Which objects a kind's rulebook is about. */
export interface Subject {
  readonly resource: Pick<Resource, 'group' | 'version' | 'kind'>;
  /** The other kinds of its group, which nobody writes: they are left alone. */
  readonly siblings?: readonly string[];
}

/**
 * Whether an object is one of the kind, or is said to be of its group and is of no kind or version that there is. Without a
 * version beside the group, or with no group at all, the kind alone says what is meant.
 */
export function concerns(
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
  { resource, siblings = [] }: Subject,
): boolean {
  const [group, version] = apiVersion.split('/');
  if (version === undefined) return kind === resource.kind;
  return group === resource.group && !(siblings.includes(kind) && version === resource.version);
}
