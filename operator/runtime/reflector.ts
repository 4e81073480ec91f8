import type { Kind, KubeObject } from 'optipod/kube';
import { type BackoffOptions, createBackoff } from './backoff.js';
import type { KubeClient } from './client.js';
import { type Clock, pause, systemClock } from './clock.js';
import { ApiError, isGone, isNotFound, messageOf } from './errors.js';
import { type Logger, silentLogger } from './log.js';
import type { RuntimeMetrics } from './metrics.js';
import { resourceOf } from './paths.js';
import type { MetadataOnly, Selection } from './requests.js';

/** What a reflector keeps in step with the API. Calls never overlap, and must not throw. */
export interface ReflectorTarget<T> {
  /** A list begins; an unfinished one before it says nothing of what it did not tell. */
  begin(): void;
  /** A page of the list, which is of this version. */
  page(objects: readonly T[], resourceVersion: string): void;
  /** The list is complete: what it told is all there is. */
  commit(resourceVersion: string): void;
  /** An object was created or changed. */
  set(object: T): void;
  /** An object was deleted; this was its last state. */
  remove(object: T): void;
  /** Nothing else happened up to this version. */
  advance(resourceVersion: string): void;
  /** The kind was not served when it was asked for: it may be about to come, or another kube-apiserver may have it. */
  missing(): void;
  /** The kind is not served any more. */
  clear(): void;
}

export interface ReflectorTiming extends BackoffOptions {
  /** A watch is asked to last from the first to the second of these. */
  readonly watchSeconds: readonly [number, number];
  /** A watch on which nothing came for so long is taken for dead: its connection may be, without a word. */
  readonly idleMs: number;
  /** A watch that ended without events sooner than this counts as failed: reconnecting at once would spin. */
  readonly shortestWatchMs: number;
}

/**
 * client-go's numbers, and one that it lacks. The short watches spread reconnects over time and move clients between
 * kube-apiservers. On every watch kube-apiserver sends a bookmark each minute (`defaultBookmarkFrequency`, looked at each
 * 1.25 s), so that 75 s of silence are a dead connection; where a server sends none, they cost one reconnect, not a list.
 */
export const REFLECTOR_TIMING: ReflectorTiming = {
  watchSeconds: [300, 600],
  idleMs: 75_000,
  shortestWatchMs: 1_000,
  initialMs: 800,
  maxMs: 30_000,
  resetAfterMs: 120_000,
};

export interface ReflectorOptions extends Selection, MetadataOnly {
  readonly log?: Logger;
  readonly metrics?: RuntimeMetrics | undefined;
  /** That the kind is not served is no trouble. @default false */
  readonly optional?: boolean;
  /** Objects per page of the list: a page is what blocks the event loop longest. @default 100 */
  readonly pageSize?: number;
  /** @default REFLECTOR_TIMING */
  readonly timing?: Partial<ReflectorTiming>;
  /** @default the system's */
  readonly clock?: Clock;
}

/** A kube-apiserver among several may not have heard of a new definition yet: one 404 is not the end of a kind. */
const NOT_SERVED_AFTER = 3;

/**
 * Keeps a target in step with what the API has of a kind until the signal is aborted: lists, then watches from the list's
 * version on. Nothing ends it but the signal. After a failure it goes on from the last version it saw, later and later
 * (0.8 to 30 s, with jitter); it lists again where the server no longer has that version (410) or does not serve the kind
 * (404: its CustomResourceDefinition may come, or come back; after three in a row, what there was of it is gone).
 */
export async function reflect<T extends KubeObject>(
  client: Pick<KubeClient, 'list' | 'watch'>,
  kind: Kind<T>,
  target: ReflectorTarget<T>,
  signal: AbortSignal,
  options: ReflectorOptions = {},
): Promise<void> {
  const {
    metadataOnly,
    namespace,
    labelSelector,
    fieldSelector,
    log = silentLogger,
    metrics,
    optional = false,
    pageSize = 100,
    clock = systemClock,
  } = options;
  const timing = { ...REFLECTOR_TIMING, ...options.timing };
  const selection = { namespace, labelSelector, fieldSelector, metadataOnly };
  const resource = resourceOf(kind);
  const backoff = createBackoff(timing, () => clock.now());
  let resourceVersion: string | undefined;
  let notServed = 0;
  let sendsBookmarks = false;

  async function list(limit: number | undefined): Promise<string> {
    target.begin();
    let token: string | undefined;
    for (;;) {
      const page = await client.list(kind, { ...selection, limit, continue: token, signal });
      target.page(page.items, page.metadata.resourceVersion);
      token = page.metadata.continue;
      if (!token) {
        target.commit(page.metadata.resourceVersion);
        notServed = 0;
        metrics?.reflectorLists.inc({ resource });
        return page.metadata.resourceVersion;
      }
    }
  }

  /** A list that takes longer than the server keeps old versions never ends in pages: then it is taken whole. */
  async function listAll(): Promise<string> {
    try {
      return await list(pageSize);
    } catch (error) {
      if (!isGone(error)) throw error;
      return await list(undefined);
    }
  }

  /** Follows the watch until it ends; @returns whether it was worth its connection. */
  async function follow(from: string): Promise<boolean> {
    const [shortest, longest] = timing.watchSeconds;
    const timeoutSeconds = Math.round(shortest + Math.random() * (longest - shortest));
    const started = clock.now();
    let seen = 0;
    const guard = createGuard(signal, clock, timing.idleMs);
    metrics?.reflectorWatches.inc({ resource });
    try {
      const events = client.watch(kind, {
        ...selection,
        resourceVersion: from,
        timeoutSeconds,
        allowWatchBookmarks: true,
        signal: guard.signal,
      });
      for await (const event of events) {
        metrics?.reflectorEvents.inc({ resource, type: event.type });
        if (event.type === 'ERROR') {
          throw new ApiError(`watch ${kind.kind}`, event.object.code ?? 500, event.object);
        }
        seen += 1;
        guard.alive();
        if (event.type === 'BOOKMARK') sendsBookmarks = true;
        else if (event.type === 'DELETED') target.remove(event.object);
        else target.set(event.object);
        resourceVersion = event.object.metadata.resourceVersion;
        target.advance(resourceVersion);
      }
    } catch (error) {
      if (!guard.isIdle) throw error;
      // Where there are never bookmarks (kube-apiserver keeps no watch cache of Events), silence is no bad news.
      const level = sendsBookmarks ? 'warn' : 'debug';
      log[level]({ resource, idleMs: timing.idleMs }, 'no sign of life on the watch; another');
    } finally {
      guard.clear();
    }
    return seen > 0 || clock.now() - started >= timing.shortestWatchMs;
  }

  const stopped = () => signal.aborted;
  while (!stopped()) {
    let problem: unknown = 'the watch ended at once';
    try {
      resourceVersion ??= await listAll();
      if (await follow(resourceVersion)) continue;
    } catch (error) {
      if (stopped()) return;
      problem = error;
    }
    const reason = isGone(problem) ? 'gone' : isNotFound(problem) ? 'not_found' : undefined;
    if (reason !== undefined) {
      resourceVersion = undefined;
      metrics?.reflectorRelists.inc({ resource, reason });
    }
    notServed = reason === 'not_found' ? notServed + 1 : 0;
    if (notServed > 0) target.missing();
    if (notServed === NOT_SERVED_AFTER) target.clear();
    const wait = backoff.next();
    log[optional && notServed > 0 ? 'debug' : 'warn'](
      { resource, problem: messageOf(problem), retryInMs: Math.round(wait) },
      reason === undefined ? 'watch interrupted' : 'listing again',
    );
    await pause(clock, wait, signal);
  }
}

/** A signal that follows another, and also ends where nothing was alive for so long. */
interface Guard {
  readonly signal: AbortSignal;
  readonly isIdle: boolean;
  alive(): void;
  clear(): void;
}

function createGuard(outer: AbortSignal, clock: Clock, idleMs: number): Guard {
  const controller = new AbortController();
  let lastSign = clock.now();
  let isIdle = false;
  let cancel: () => void;
  const stop = () => controller.abort(outer.reason);
  // One timer for all events: it looks when the last of them came.
  const look = (afterMs: number) => {
    cancel = clock.after(afterMs, () => {
      const left = lastSign + idleMs - clock.now();
      if (left > 0) {
        look(left);
        return;
      }
      isIdle = true;
      controller.abort(new Error('no sign of life from the server'));
    });
  };
  look(idleMs);
  outer.addEventListener('abort', stop, { once: true });
  if (outer.aborted) stop();
  return {
    signal: controller.signal,
    get isIdle() {
      return isIdle;
    },
    alive: () => (lastSign = clock.now()),
    clear() {
      cancel();
      outer.removeEventListener('abort', stop);
    },
  };
}
