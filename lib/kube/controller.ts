import type { Kind } from './kind.js';

/** What a controller or an admission handler may do with a kind; `watch` stands for get, list and watch. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** One declared use of the API. RBAC is derived from the uses, and nothing else grants anything. */
export interface Use {
  readonly kind: Kind;
  readonly verbs: readonly Verb[];
  readonly subresource?: string;
  /** Only objects of these names (create cannot be restricted so, by the nature of RBAC). */
  readonly names?: readonly string[];
  /** Only in the operator's own namespace. */
  readonly ownNamespace?: boolean;
}

export function use(kind: Kind, verbs: readonly Verb[], options: Omit<Use, 'kind' | 'verbs'> = {}): Use {
  return { kind, verbs, ...options };
}

/** A controller as data: its name, the kind it reconciles, and every use it makes of the API. */
export interface ControllerDefinition {
  readonly name: string;
  readonly reconciles: Kind;
  readonly uses: readonly Use[];
}

export function defineController(reconciles: Kind, definition: Omit<ControllerDefinition, 'reconciles'>) {
  return { reconciles, ...definition } satisfies ControllerDefinition;
}
