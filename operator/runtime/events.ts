import { randomBytes } from 'node:crypto';
import { EventKind, type EventObject, type KubeObject, type ObjectReference } from 'optipod/kube';
import { createBackoff } from './backoff.js';
import type { KubeClient } from './client.js';
import { type Clock, pause, systemClock } from './clock.js';
import type { Component } from './component.js';
import { ApiError, ConnectionError, isAlreadyExists, isConflict, isNotFound, messageOf } from './errors.js';
import { type Correlated, type CorrelatorOptions, createEventCorrelator } from './event-correlator.js';
import { type Logger, silentLogger } from './log.js';
import type { RuntimeMetrics } from './metrics.js';
import { RecentlyUsed } from './recently-used.js';

/** What is told of an object. */
export interface EventDraft {
  /** `Warning` for what somebody should look into. */
  readonly type: EventObject['type'];
  /** CamelCase, for machines and `--field-selector`: `QuotaExceeded`. */
  readonly reason: string;
  /** For people, at most 1024 characters. */
  readonly message: string;
}

/** Tells people of what happened to an object, where `kubectl describe` and `kubectl get events` show it. */
export interface EventRecorder extends Component {
  readonly role: 'sink';
  /**
   * Returns at once, and never throws: an Event that cannot be written is logged and counted, and concerns nobody else. Bound.
   * @param object with apiVersion and kind, as clients and informers give it
   */
  readonly event: (object: KubeObject, event: EventDraft) => void;
}

export interface EventRecorderOptions extends CorrelatorOptions {
  /** A leader's should be fenced. */
  readonly client: Pick<KubeClient, 'create' | 'patch'>;
  /** The `source` of the Events: `--field-selector source=…`. */
  readonly source: string;
  /** Events that wait to be written; one more is dropped. @default 1000 */
  readonly waiting?: number;
  /** How long a stop waits for them to be written. @default 5 000 */
  readonly flushMs?: number;
  /** @default the manager's */
  readonly log?: Logger;
  /** @default the manager's */
  readonly metrics?: RuntimeMetrics;
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** @default the system's */
  readonly clock?: Clock;
}

/** The Event that a key has on the server. */
interface Written {
  readonly name: string;
  readonly uid: string | undefined;
}

const BACKOFF = { initialMs: 500, maxMs: 10_000, resetAfterMs: Number.POSITIVE_INFINITY };
/** client-go's. */
const TRIES = 12;
const MESSAGE_LENGTH = 1024;

/**
 * Records Events of the core group, correlated as client-go does it, one write at a time. While a write waits its turn, more of
 * the same only raises its count: memory and requests stay bounded whatever is told.
 */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  const { client, source, waiting = 1000, flushMs = 5_000, now = Date.now, clock = systemClock } = options;
  const correlator = createEventCorrelator(options);
  const queue = new Map<string, Correlated>();
  const written = new RecentlyUsed<Written>(options.remembered ?? 4096);
  let log = options.log ?? silentLogger;
  let metrics = options.metrics;
  let wake: () => void = () => undefined;
  const giveUp = new AbortController();

  function drop(reason: string, { regarding, ...event }: Pick<Correlated, 'regarding' | 'reason' | 'message'>): void {
    metrics?.events.inc({ result: 'dropped' });
    const { kind, namespace, name } = regarding;
    const { reason: ofEvent, message } = event;
    log.warn(
      { object: { kind, namespace, name }, reason: ofEvent, message, problem: reason },
      'an event was not recorded',
    );
  }

  function record(object: KubeObject, { type, reason, message }: EventDraft): void {
    const regarding = referenceTo(object);
    const occurrence = { regarding, type, reason, message: message.slice(0, MESSAGE_LENGTH) };
    if (regarding.apiVersion === '' || regarding.kind === '') {
      drop('the object has no apiVersion and kind', occurrence);
      return;
    }
    const event = correlator.correlate(occurrence, now());
    if (!event) {
      metrics?.events.inc({ result: 'dropped' });
      log.debug({ object: regarding, reason, message }, 'too many events of this object');
      return;
    }
    if (!queue.has(event.key) && queue.size >= waiting) drop(`${waiting} events wait already`, event);
    else queue.set(event.key, event);
    wake();
  }

  async function patch(event: Correlated, { name, uid }: Written): Promise<void> {
    const { key, regarding, count, message, last } = event;
    const body = { metadata: { uid }, count, message, lastTimestamp: time(last) };
    const ref = { namespace: namespaceOf(regarding), name };
    const { metadata } = await client.patch(EventKind, ref, body, { type: 'merge', signal: giveUp.signal });
    written.set(key, { name, uid: metadata.uid });
    metrics?.events.inc({ result: 'patched' });
  }

  async function write(event: Correlated): Promise<void> {
    const known = written.get(event.key);
    if (known?.uid !== undefined && event.count > 1) {
      try {
        await patch(event, known);
        return;
      } catch (error) {
        // kube-apiserver forgets Events after an hour.
        if (!isNotFound(error) && !isConflict(error)) throw error;
      }
    }
    // Settled before it is sent: sent again because the answer was lost, it is found instead of being there twice.
    const name = known && known.uid === undefined ? known.name : eventName(event.regarding);
    written.set(event.key, { name, uid: undefined });
    try {
      const { metadata } = await client.create(EventKind, eventOf(event, name, source), { signal: giveUp.signal });
      written.set(event.key, { name, uid: metadata.uid });
      metrics?.events.inc({ result: 'created' });
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      await patch(event, { name, uid: undefined });
    }
  }

  /** Tries until it is written, or trying again cannot help. */
  async function deliver(event: Correlated): Promise<void> {
    const backoff = createBackoff(BACKOFF, () => clock.now());
    for (let tries = 1; ; tries += 1) {
      try {
        await write(event);
        return;
      } catch (error) {
        if (giveUp.signal.aborted || tries >= TRIES || !isTransient(error)) {
          drop(messageOf(error), event);
          return;
        }
        await pause(clock, backoff.next(), giveUp.signal);
      }
    }
  }

  return {
    role: 'sink',
    name: 'events',
    event(object, event) {
      try {
        record(object, event);
      } catch (error) {
        log.error({ err: error, reason: event.reason }, 'an event was not recorded');
      }
    },
    async run(signal, context) {
      log = options.log ?? context.log;
      metrics = options.metrics ?? context.metrics;
      let cancel: () => void = () => undefined;
      const onStop = () => {
        cancel = clock.after(flushMs, () => giveUp.abort(new Error('the process ends')));
        wake();
      };
      signal.addEventListener('abort', onStop, { once: true });
      if (signal.aborted) onStop();
      for (;;) {
        const [next] = queue.values();
        if (next) {
          queue.delete(next.key);
          if (giveUp.signal.aborted) drop('the process ends', next);
          else await deliver(next);
        } else if (signal.aborted) break;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
      cancel();
    },
  };
}

function referenceTo({ apiVersion = '', kind = '', metadata }: KubeObject): ObjectReference {
  const { namespace, name, uid } = metadata;
  return { apiVersion, kind, ...(namespace === undefined ? {} : { namespace }), name, uid };
}

/** Events of cluster-scoped objects are in `default`, where kubectl looks for them. */
function namespaceOf({ namespace = 'default' }: ObjectReference): string {
  return namespace;
}

function eventOf(event: Correlated, name: string, component: string) {
  const { regarding, type, reason, message, count, first, last } = event;
  return {
    metadata: { namespace: namespaceOf(regarding), name },
    involvedObject: regarding,
    type,
    reason,
    message,
    source: { component },
    reportingComponent: component,
    count,
    firstTimestamp: time(first),
    lastTimestamp: time(last),
  } satisfies Omit<EventObject, 'metadata'> & { readonly metadata: object };
}

/** `<object>.<16 digits>`; some kinds (Roles) allow names that Events may not have. */
function eventName({ name }: ObjectReference): string {
  const digits = randomBytes(8).toString('hex');
  const fitting = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]/g, '-')
    .slice(0, 253 - 1 - digits.length);
  return `${/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(fitting) ? fitting : 'event'}.${digits}`;
}

/** metav1.Time. */
function time(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -5)}Z`;
}

/** An answer may come another time; a refusal stays one. */
function isTransient(error: unknown): boolean {
  return error instanceof ConnectionError || (error instanceof ApiError && (error.code === 429 || error.code >= 500));
}
