import { isDeepStrictEqual } from 'node:util';
import {
  type ControllerDefinition,
  type Kind,
  type KubeObject,
  type ObjectRef,
  type OwnerReference,
  type Reconciliation,
  type Resource,
  sameJson,
  use,
} from 'optipod/kube';
import type { AccessProvider } from './access.js';
import { type Controller, createController } from './controller.js';
import { isConflict, isNotFound } from './errors.js';
import type { InformerEvent } from './informer.js';
import { OwnedAccess } from './owned.js';
import type { Priority } from './waiting-line.js';

/** Of an object of whatever kind. */
type Outcome = { readonly status?: object; readonly requeueAfterMs?: number } | undefined;

/** Takes what is to be told of an object. */
export type EventSink = (object: KubeObject, event: Parameters<Reconciliation['event']>[0]) => void;

export interface DeclaredControllerOptions {
  readonly access: AccessProvider;
  readonly event: EventSink;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Runs a declared controller: watches its kind and what it owns, reconciles what changed, and writes the status it returns.
 * Keys are `<namespace>/<name>`, of cluster-scoped kinds `/<name>`.
 */
export function declaredController(
  definition: ControllerDefinition,
  { access, event, now }: DeclaredControllerOptions,
): Controller {
  const { name, reconciles: kind, uses, reconcile, gone, concurrency, timeoutMs } = definition;
  if (!reconcile) throw new TypeError(`the controller ${name} declares nothing that reconciles`);
  const self = access.to({ self: use(kind, ['watch']) }).self;
  const status = access.to({ status: use(kind, ['patch'], { subresource: 'status' }) }).status;
  const given = access.to(uses);
  const owned = Object.entries(given).flatMap(([useName, access]) => {
    const declared = uses[useName];
    return declared?.owned ? [{ useName, informer: access.informer, own: new OwnedAccess(declared.kind, access) }] : [];
  });
  const accessFor = (object: KubeObject): typeof given => ({
    ...given,
    ...Object.fromEntries(owned.map(({ useName, own }) => [useName, own.of(kind, object)])),
  });

  async function writeStatus(object: KubeObject, wanted: object): Promise<void> {
    if ((kind as Partial<Resource>).statusSubresource === false)
      throw new TypeError(`the controller ${name} returns a status, but that of a ${kind.kind} is no subresource`);
    if (sameJson((object as { status?: unknown }).status, wanted)) return;
    const { name: ofName, namespace, uid } = object.metadata;
    try {
      await status.apply({ metadata: { name: ofName, namespace, uid }, status: wanted }, { force: true });
    } catch (error) {
      // Deleted, or made anew under its name, since: nobody is left to tell.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  const controller = createController({
    name,
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    async reconcile(key, { signal, log }) {
      const ref = refOf(key);
      const object = self.get(ref.namespace, ref.name);
      if (!object) {
        await gone?.(ref, given, { signal, log, now, event: () => undefined });
        return undefined;
      }
      const context: Reconciliation = { signal, log, now, event: (what) => event(object, what) };
      const outcome = (await reconcile(object, accessFor(object), context)) as Outcome;
      if (outcome?.status) await writeStatus(object, outcome.status);
      return outcome?.requeueAfterMs === undefined ? undefined : { requeueAfterMs: outcome.requeueAfterMs };
    },
  });

  self.informer.onEvent((change) => {
    if (!isStatusOnly(change)) controller.enqueue(keyOf(change.object.metadata), { priority: priorityOf(change) });
  });
  for (const { informer, own } of owned) {
    informer.onEvent((change) => {
      const { type, object } = change;
      if (type === 'deleted') own.forget(object);
      // Somebody may have taken its owner's reference away, or given it another owner: that is news to the former one.
      const states = type === 'updated' ? [change.previous, object] : [object];
      const keys = new Set(states.flatMap((state) => ownersOf(state, kind)).map(keyOf));
      for (const key of keys) controller.enqueue(key, { priority: priorityOf(change) });
    });
  }
  return controller;
}

/** What was there before anybody looked waits for what happens now. */
function priorityOf(change: InformerEvent<KubeObject>): Priority {
  return change.type === 'added' && change.initial ? 'low' : 'high';
}

/** A status that changed, our own writes first of all, is no reason to reconcile; kinds without a generation cannot tell. */
function isStatusOnly(change: InformerEvent<KubeObject>): boolean {
  if (change.type !== 'updated') return false;
  const { previous, object } = change;
  const before = previous.metadata;
  const after = object.metadata;
  return (
    after.generation !== undefined &&
    before.uid === after.uid &&
    before.generation === after.generation &&
    before.deletionTimestamp === after.deletionTimestamp &&
    isDeepStrictEqual(before.labels, after.labels) &&
    isDeepStrictEqual(before.annotations, after.annotations) &&
    isDeepStrictEqual(before.ownerReferences, after.ownerReferences)
  );
}

/** The controllers of an object that are of a kind: one or none, as Kubernetes sees to. */
function ownersOf({ metadata: { ownerReferences = [], namespace } }: KubeObject, kind: Kind): ObjectRef[] {
  return ownerReferences
    .filter((reference) => reference.controller === true && isOf(reference, kind))
    .map(({ name }) => ({ name, namespace: kind.scope === 'Cluster' ? undefined : namespace }));
}

function isOf({ apiVersion, kind }: OwnerReference, wanted: Kind): boolean {
  // Owned under one version of the API, and reconciled under another.
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return kind === wanted.kind && group === wanted.group;
}

function keyOf({ namespace = '', name }: ObjectRef): string {
  return `${namespace}/${name}`;
}

function refOf(key: string): ObjectRef {
  const [namespace = '', name = ''] = key.split('/');
  return namespace === '' ? { name } : { namespace, name };
}
