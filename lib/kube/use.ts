import type { Kind } from './kind.js';
import type { KubeObject } from './wire.js';

/**
 * What a controller or an admission handler may do with a kind. `watch` is an informer, which lists as well; `get` asks
 * kube-apiserver for one object, `list` for all of them, once; `bind` is the right to write bindings of a role that grants more than the operator has itself.
 */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete' | 'bind';

export interface UseOptions {
  readonly subresource?: string;
  /** Only objects of these names (create cannot be restricted so, by the nature of RBAC). */
  readonly names?: readonly string[];
  /** Only in the operator's own namespace. */
  readonly ownNamespace?: boolean;
  /** Only objects with these labels are watched or listed: `app=web`. RBAC knows no labels, and is not narrowed by it. */
  readonly labelSelector?: string;
  /** Likewise, by fields that kube-apiserver selects by: `reason=Evicted`. */
  readonly fieldSelector?: string;
  /** Of the objects read, only their metadata are asked for and kept. */
  readonly metadataOnly?: boolean;
  /** The kind may not be there, and may come later: until then there are no objects of it, and nothing waits for it. */
  readonly optional?: boolean;
  /**
   * Why a running operator may never do some of this. What is granted without such a reason must be seen to be used; the
   * tests hold an installation against kube-apiserver's audit log.
   */
  readonly rarely?: string;
}

/**
 * One declared use of the API. RBAC, watches and clients are derived from the uses, and nothing else grants or does anything:
 * a verb that is not declared does not compile.
 */
export interface Use<T extends KubeObject = KubeObject, V extends Verb = Verb> extends UseOptions {
  readonly kind: Kind<T>;
  readonly verbs: readonly V[];
  /**
   * Objects of this kind belong to the one that is reconciled: they name it as their controller, go with it, and a change of
   * one of them has it reconciled again.
   */
  readonly owned?: boolean;
}

/** Uses by the names under which a controller or handler gets them. */
export type Uses = Readonly<Record<string, Use>>;

export function use<const V extends Verb>(
  kind: Kind,
  verbs: readonly V[],
  options: UseOptions & { readonly metadataOnly: true },
): Use<KubeObject, V>;
export function use<T extends KubeObject, const V extends Verb>(
  kind: Kind<T>,
  verbs: readonly V[],
  options: UseOptions & { readonly metadataOnly?: false; readonly subresource: string },
): Use<T, V> & { readonly subresource: string };
export function use<T extends KubeObject, const V extends Verb>(
  kind: Kind<T>,
  verbs: readonly V[],
  options?: UseOptions & { readonly metadataOnly?: false },
): Use<T, V>;
export function use(kind: Kind, verbs: readonly Verb[], options: UseOptions = {}): Use {
  return { kind, verbs, ...options };
}

/** The use of objects that are made for the reconciled one and belong to it. */
export function owned<T extends KubeObject>(
  kind: Kind<T>,
  options: Omit<UseOptions, 'metadataOnly'> = {},
): Use<T, 'get' | 'watch' | 'create' | 'patch' | 'delete'> {
  return { kind, verbs: ['get', 'watch', 'create', 'patch', 'delete'], owned: true, ...options };
}
