import type {
  Access,
  Creatable,
  Deletable,
  Kind,
  KubeObject,
  Listable,
  ObjectRef,
  Patchable,
  Readable,
  SubresourceCreatable,
  Use,
  Uses,
} from 'optipod/kube';
import type { KubeClient } from './client.js';
import { type Informer, createInformer } from './informer.js';
import { resourceOf } from './paths.js';
import type { MetadataOnly, Selection } from './requests.js';

/** What a declared use gives, with the informer behind a watch. */
export type Bound<U extends Use, Kept> = Access<U, Kept> &
  (U extends Use<KubeObject, infer V>
    ? [Extract<V, 'watch'>] extends [never]
      ? unknown
      : { readonly informer: Informer<Kept> }
    : never);

type Objects<U extends Use> = U extends Use<infer T> ? T : never;

/** What caches keep of the objects of some uses, by the names of the uses. */
export type Projections<U extends Uses> = {
  readonly [Name in keyof U]?: (object: Objects<U[Name]>) => unknown;
};

type KeptOf<U extends Uses, P, Name extends keyof U> = Name extends keyof P
  ? P[Name] extends (object: never) => infer K
    ? K
    : Objects<U[Name]>
  : Objects<U[Name]>;

export type BoundUses<U extends Uses, P = unknown> = {
  readonly [Name in keyof U]: Bound<U[Name], KeptOf<U, P, Name>>;
};

export interface AccessOptions {
  readonly client: KubeClient;
  /** The operator's own namespace. */
  readonly namespace: string;
  /** Under which writes are made that name no manager of their own: the operator's name. */
  readonly fieldManager: string;
}

/** Turns declared uses into what may be done. Uses of the same objects share one informer. */
export interface AccessProvider {
  to<U extends Uses>(uses: U): BoundUses<U>;
  /** @param project what the caches keep of large kinds; a use without one keeps the objects */
  to<U extends Uses, P extends Projections<U>>(uses: U, project: P): BoundUses<U, P>;
  /** Every informer behind what was given out, for the manager. */
  readonly informers: readonly Informer<unknown>[];
}

type Project = (object: KubeObject) => unknown;

/** An informer, and what it was made for. */
interface Shared {
  /** The same for uses of the same objects. */
  readonly key: string;
  readonly project: Project | undefined;
  readonly use: Use;
  readonly informer: Informer<unknown>;
}

export function createAccess({ client, namespace, fieldManager }: AccessOptions): AccessProvider {
  const shared: Shared[] = [];

  function informerOf(use: Use, project: Project | undefined): Informer<unknown> {
    const selection = selectionOf(use, namespace);
    const optional = use.optional === true;
    const key = JSON.stringify([resourceOf(use.kind), use.kind.version, selection, optional]);
    const known = shared.find((one) => one.key === key && one.project === project);
    if (known) return known.informer;
    const options = { ...selection, optional, ...(project ? { project } : {}) };
    const informer = createInformer<KubeObject, unknown>(client, use.kind, options);
    shared.push({ key, project, use, informer });
    return informer;
  }

  /** Whoever reads next reads what was written, whether its event has come or not. */
  async function written(kind: Kind, answer: Promise<KubeObject>, dryRun = false): Promise<KubeObject> {
    const object = await answer;
    if (dryRun) return object;
    for (const { use, informer } of shared) {
      if (resourceOf(use.kind) === resourceOf(kind) && isSelected(use, object)) informer.observe(object);
    }
    return object;
  }

  function watched(use: Use, project: Project | undefined): object {
    const informer = informerOf(use, project);
    return {
      informer,
      get: (inNamespace: string | undefined, name: string) => informer.get(inNamespace, name),
      list: (inNamespace?: string) => informer.list(inNamespace),
    };
  }

  function bind(use: Use, project: Project | undefined): object {
    const { kind, metadataOnly } = use;
    const may = new Set(use.verbs);
    const subresource = use.subresource === undefined ? {} : { subresource: use.subresource };
    const within = (ref: ObjectRef): ObjectRef => (use.ownNamespace ? { namespace, ...ref } : ref);
    const readable: Readable<KubeObject> = {
      read: (ref, options) => client.get(kind, within(ref), { metadataOnly, ...options }),
    };
    const listable: Listable<KubeObject> = {
      async *pages(options) {
        for (let token: string | undefined, begun = false; !begun || token; begun = true) {
          const page = await client.list(kind, { ...selectionOf(use, namespace), ...options, continue: token });
          yield page.items;
          token = page.metadata.continue;
        }
      },
    };
    const creatable: Creatable<KubeObject> = {
      create: (object, options) =>
        written(kind, client.create(kind, object, { fieldManager, ...options }), options?.dryRun),
    };
    const ofSubresource = (name: string): SubresourceCreatable => ({
      create: (ref, body, options) =>
        client.createSubresource(kind, within(ref), name, body, { fieldManager, ...options }),
    });
    const patchable: Patchable<KubeObject> = {
      apply: (object, options) =>
        written(kind, client.apply(kind, object, { fieldManager, ...subresource, ...options }), options?.dryRun),
      patch: (ref, body, options) => {
        const how = { type: 'merge', fieldManager, ...subresource, ...options } as const;
        return written(kind, client.patch(kind, within(ref), body, how), options?.dryRun);
      },
    };
    const deletable: Deletable = {
      delete: ({ uid, resourceVersion, ...ref }, options) => {
        const only = { ...(uid ? { uid } : {}), ...(resourceVersion ? { resourceVersion } : {}) };
        return client.delete(kind, within(ref), { ...options, ...only });
      },
    };
    return {
      ...(may.has('watch') ? watched(use, project) : {}),
      ...(may.has('get') ? readable : {}),
      ...(may.has('list') ? listable : {}),
      ...(may.has('create') ? (use.subresource === undefined ? creatable : ofSubresource(use.subresource)) : {}),
      ...(may.has('patch') ? patchable : {}),
      ...(may.has('delete') ? deletable : {}),
    };
  }

  return {
    to(uses: Uses, project?: object) {
      const projections = project as Readonly<Record<string, Project>> | undefined;
      const bound = Object.entries(uses).map(([name, use]) => [name, bind(use, projections?.[name])]);
      // Each was made with exactly the verbs that its use declares, which is what the type says.
      return Object.fromEntries(bound) as never;
    },
    get informers() {
      return shared.map(({ informer }) => informer);
    },
  };
}

/** @throws TypeError for several names */
function selectionOf(use: Use, namespace: string): Watching {
  const { kind, names, ownNamespace, labelSelector, fieldSelector, metadataOnly } = use;
  if (names && names.length !== 1) {
    throw new TypeError(`${resourceOf(kind)} is listed by ${names.length} names: declare a use for each`);
  }
  const fields = [
    ...(names ? [`metadata.name=${names[0]}`] : []),
    ...(fieldSelector === undefined ? [] : [fieldSelector]),
  ];
  return {
    ...(ownNamespace ? { namespace } : {}),
    ...(fields.length > 0 ? { fieldSelector: fields.join(',') } : {}),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(metadataOnly ? { metadataOnly } : {}),
  };
}

type Watching = Selection & MetadataOnly;

/** Of the objects with some labels or fields only the server knows which they are. */
function isSelected({ names, labelSelector, fieldSelector }: Use, { metadata: { name } }: KubeObject): boolean {
  return labelSelector === undefined && fieldSelector === undefined && (names === undefined || names.includes(name));
}
