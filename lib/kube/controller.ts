import type { AccessTo, ObjectRef } from './access.js';
import type { Kind } from './kind.js';
import type { Resource } from './resource.js';
import { type Use, type Uses, use } from './use.js';
import type { KubeObject } from './wire.js';

/** Lines of a log with fields, as pino takes them. */
export type LogLine = (fields: object, message: string) => void;
export interface Log {
  readonly debug: LogLine;
  readonly info: LogLine;
  readonly warn: LogLine;
  readonly error: LogLine;
}

/** What a reconciliation is given besides the object and the declared access. */
export interface Reconciliation {
  /** Aborted when the time is up, or the process can wait no longer. Pass it to what takes long. */
  readonly signal: AbortSignal;
  /** Says controller and object in every line. */
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Tells of the object what somebody should know who looks at it: an Event, aggregated. */
  readonly event: (event: {
    readonly type: 'Normal' | 'Warning';
    /** CamelCase, one word of the field: `QuotaExceeded`. */
    readonly reason: string;
    readonly message: string;
  }) => void;
}

type StatusOf<T> = T extends { status?: infer S } ? NonNullable<S> : never;

export interface ReconcileOutcome<T extends KubeObject> {
  /** The whole status as it should be; written only where it differs. Without one the status stays. */
  readonly status?: StatusOf<T>;
  /** Reconcile again after this time even if nothing happens. */
  readonly requeueAfterMs?: number;
}

export interface ControllerBehaviour<T extends KubeObject, U extends Uses> {
  /** Objects worked on at the same time. @default 1 */
  readonly concurrency?: number;
  /** When the signal of a reconciliation is aborted. @default never */
  readonly timeoutMs?: number;
  /**
   * Brings the world in step with what the object wants, now. It is a function of what is there: it may be called at any time,
   * again, late, once for many changes; when all is well it writes nothing. Throwing means "not done", and it is called again
   * after a growing pause. An object that is being deleted is reconciled, too.
   */
  reconcile?(
    this: void,
    object: T,
    access: AccessTo<U>,
    context: Reconciliation,
  ): Promise<ReconcileOutcome<T> | undefined>;
  /** The object is gone; what it owned goes by itself. For what is outside of Kubernetes, use a finalizer instead. */
  gone?(this: void, ref: ObjectRef, access: AccessTo<U>, context: Reconciliation): Promise<void>;
}

/** A controller as data: its name, the kind it reconciles, and every use it makes of the API. Nothing runs. */
export interface ControllerDefinition<
  T extends KubeObject = KubeObject,
  U extends Uses = Uses,
> extends ControllerBehaviour<T, U> {
  /** The `controller` label of metrics and log lines. */
  readonly name: string;
  readonly reconciles: Kind<T>;
  readonly uses: U;
}

/** Its name, where none is given, is the kind's in lower case. */
export function defineController<T extends KubeObject, const U extends Uses>(
  reconciles: Kind<T>,
  definition: { readonly name?: string; readonly uses: U } & ControllerBehaviour<T, U>,
): ControllerDefinition<T, U> {
  return { name: reconciles.kind.toLowerCase(), reconciles, ...definition };
}

/**
 * Everything a controller does with the API: what it declares and, where the runtime reconciles for it, the watch of its kind
 * and the status of its kind.
 */
export function usesOf({ reconciles, uses, reconcile }: ControllerDefinition): readonly Use[] {
  const declared = Object.values(uses);
  if (!reconcile) return declared;
  const hasStatus = (reconciles as Partial<Resource>).statusSubresource === true;
  return [
    use(reconciles, ['watch']),
    ...(hasStatus ? [use(reconciles, ['patch'], { subresource: 'status' })] : []),
    ...declared,
  ];
}
