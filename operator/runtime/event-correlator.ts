import type { EventObject, ObjectReference } from 'optipod/kube';
import { RecentlyUsed } from './recently-used.js';

/** Something that happened to an object, as somebody tells it. */
export interface Occurrence {
  readonly regarding: ObjectReference;
  readonly type: EventObject['type'];
  readonly reason: string;
  readonly message: string;
}

/** What an Event is to say now: all that has happened of its kind so far. */
export interface Correlated extends Occurrence {
  /** The same for whatever ends up in one Event. */
  readonly key: string;
  readonly count: number;
  /** Milliseconds since 1970. */
  readonly first: number;
  readonly last: number;
}

export interface CorrelatorOptions {
  /** From so many different messages of one object and reason on, further ones go into one Event. @default 10 */
  readonly similar?: number;
  /** Messages are similar until none has come for this long. @default 600 000 */
  readonly similarMs?: number;
  /** So many Events may be written of one object and type at once, @default 25 */
  readonly burst?: number;
  /** and one more after each such time. @default 300 000 */
  readonly refillMs?: number;
  /** What is remembered of so many objects, reasons and messages. @default 4096 */
  readonly remembered?: number;
}

export interface EventCorrelator {
  /** @returns undefined where it is not to be written: too many Events of that object have been. It is counted all the same. */
  correlate(occurrence: Occurrence, now: number): Correlated | undefined;
}

const COMBINED = '(combined from similar events): ';

/**
 * client-go's correlator, with its numbers: the same again is counted in the Event that there is; many messages that differ in
 * little become one; an object about which there is no end of news gets a burst, then a trickle. It does no I/O.
 */
export function createEventCorrelator(options: CorrelatorOptions = {}): EventCorrelator {
  const { similar = 10, similarMs = 600_000, burst = 25, refillMs = 300_000, remembered = 4096 } = options;
  const groups = new RecentlyUsed<{ readonly messages: ReadonlySet<string>; readonly last: number }>(remembered);
  const counts = new RecentlyUsed<{ readonly count: number; readonly first: number }>(remembered);
  const buckets = new RecentlyUsed<{ readonly tokens: number; readonly at: number }>(remembered);

  /** Whether the message is one too many of its object and reason. */
  function isCombined(group: string, message: string, now: number): boolean {
    const before = groups.get(group);
    const messages = new Set(before && now - before.last <= similarMs ? before.messages : []);
    const fits = messages.has(message) || messages.size < similar - 1;
    if (fits) messages.add(message);
    groups.set(group, { messages, last: now });
    return !fits;
  }

  function takeToken(bucket: string, now: number): boolean {
    const { tokens, at } = buckets.get(bucket) ?? { tokens: burst, at: now };
    const filled = Math.min(burst, tokens + Math.max(0, now - at) / refillMs);
    const granted = filled >= 1;
    buckets.set(bucket, { tokens: granted ? filled - 1 : filled, at: Math.max(now, at) });
    return granted;
  }

  return {
    correlate(occurrence, now) {
      const { regarding, type, reason, message } = occurrence;
      const object = [regarding.apiVersion, regarding.kind, regarding.namespace, regarding.name, regarding.uid, type];
      const group = JSON.stringify([...object, reason]);
      const combined = isCombined(group, message, now);
      const key = combined ? group : JSON.stringify([...object, reason, message]);
      const before = counts.get(key);
      const entry = { count: (before?.count ?? 0) + 1, first: before?.first ?? now };
      counts.set(key, entry);
      if (!takeToken(JSON.stringify(object), now)) return undefined;
      return { ...occurrence, message: combined ? COMBINED + message : message, key, ...entry, last: now };
    },
  };
}
