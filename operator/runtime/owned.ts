import {
  type AccessWrite,
  type Creatable,
  type Draft,
  type Kind,
  type KubeObject,
  type OwnerReference,
  type Patchable,
  type Readable,
  type Watched,
  apiVersionOf,
} from 'optipod/kube';
import { isNotFound } from './errors.js';

type Whole = Watched<KubeObject> & Readable<KubeObject> & Creatable<KubeObject> & Patchable<KubeObject>;

/** What was applied last, and which version of the object came of it. */
interface Applied {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly said: string;
}

/**
 * The access to objects that belong to reconciled ones: what is written names its owner as its controller, what is somebody
 * else's is never taken over, and what stands as it was applied is not applied again.
 */
export class OwnedAccess<A extends Whole> {
  readonly #kind: Kind;
  readonly #access: A;
  readonly #applied = new Map<string, Applied>();

  constructor(kind: Kind, access: A) {
    this.#kind = kind;
    this.#access = access;
  }

  /** For one reconciliation. */
  of(reconciled: Kind, owner: KubeObject): A {
    const reference: OwnerReference = {
      apiVersion: apiVersionOf(reconciled),
      kind: reconciled.kind,
      name: owner.metadata.name,
      uid: owner.metadata.uid,
      controller: true,
      // A foreground deletion would wait for it, and setting it takes the right to update the owner's finalizers.
      blockOwnerDeletion: false,
    };
    const owned = (draft: Draft): Draft => {
      if (reconciled.scope === 'Namespaced') assertBeside(owner, draft, this.#kind);
      const { ownerReferences = [] } = draft.metadata;
      return { ...draft, metadata: { ...draft.metadata, ownerReferences: [...ownerReferences, reference] } };
    };
    return {
      ...this.#access,
      create: async (draft: Draft, options?: AccessWrite) => this.#access.create(owned(draft), options),
      // A field of ours that somebody else sets would stand in the way for ever.
      apply: async (draft: Draft, options?: AccessWrite) =>
        this.#apply(owned(draft), reference, { force: true, ...options }),
    };
  }

  async #apply(draft: Draft, owner: OwnerReference, options: AccessWrite & { force: boolean }): Promise<KubeObject> {
    const { name, namespace } = draft.metadata;
    if (name === undefined) throw new TypeError(`the ${this.#kind.kind} to apply has no name`);
    const key = `${namespace ?? ''}/${name}`;
    const known = this.#access.get(namespace, name) ?? (await this.#current(draft));
    if (known) assertOwned(known, owner, this.#kind);
    const said = JSON.stringify([draft, options.fieldManager]);
    const before = this.#applied.get(key);
    if (known && before?.said === said && isSame(known, before)) return known;
    // The uid makes it an update of the very object that was looked at, never a creation.
    const uid = known && { uid: known.metadata.uid };
    const applied = await this.#access.apply({ ...draft, metadata: { ...draft.metadata, ...uid } }, options);
    if (options.dryRun !== true) this.#applied.set(key, { ...versionOf(applied), said });
    return applied;
  }

  /** For what the cache does not have: it may be younger than the watch. */
  async #current({ metadata: { name = '', namespace } }: Draft): Promise<KubeObject | undefined> {
    try {
      return await this.#access.read({ name, namespace });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** To be told of what is gone, so that nothing is remembered of it. */
  forget({ metadata: { name, namespace = '' } }: KubeObject): void {
    this.#applied.delete(`${namespace}/${name}`);
  }
}

/** An owner is looked for in the namespace of what it owns: elsewhere it would not be found, and the object be deleted. */
function assertBeside({ kind, metadata: owner }: KubeObject, { metadata: { namespace, name = '' } }: Draft, of: Kind) {
  if (namespace === owner.namespace) return;
  const place = namespace === undefined ? 'without a namespace' : `of the namespace ${namespace}`;
  throw new TypeError(`${of.kind} ${name} ${place} cannot belong to ${kind} ${owner.name} of ${owner.namespace}`);
}

/** Taking over an object would have it deleted with its new owner. The reconciliation is tried again: it may go away. */
function assertOwned({ metadata }: KubeObject, owner: OwnerReference, { kind }: Kind): void {
  const { ownerReferences = [], namespace, name } = metadata;
  if (ownerReferences.some(({ uid, controller }) => controller === true && uid === owner.uid)) return;
  const place = namespace === undefined ? name : `${namespace}/${name}`;
  throw new Error(`${kind} ${place} exists and does not belong to ${owner.kind} ${owner.name}`);
}

function isSame({ metadata }: KubeObject, { uid, resourceVersion }: Applied): boolean {
  return metadata.uid === uid && metadata.resourceVersion === resourceVersion;
}

function versionOf({ metadata: { uid, resourceVersion } }: KubeObject): Omit<Applied, 'said'> {
  return { uid, resourceVersion };
}
