import { setTimeout as pause } from 'node:timers/promises';
import type { Kind, KubeObject } from 'optipod/kube';
import { type BackoffOptions, createBackoff } from './backoff.js';
import type { KubeClient } from './client.js';
import { ApiError, isGone, isNotFound, messageOf } from './errors.js';
import { type Logger, silentLogger } from './log.js';
import type { RuntimeMetrics } from './metrics.js';
import { resourceOf } from './paths.js';
import type { MetadataOnly, Selection } from './requests.js';

/** What a reflector keeps in step with the API. Calls never overlap, and must not throw. */
export interface ReflectorTarget<T> {
  /** A list begins; what an unfinished one staged is void. */
  begin(): void;
  /** A page of the list. */
  stage(objects: readonly T[]): void;
  /** The list is complete: what was staged is all there is. */
  commit(): void;
  /** An object was created or changed. */
  set(object: T): void;
  /** An object was deleted; this was its last state. */
  remove(object: T): void;
}

export interface ReflectorTiming extends BackoffOptions {
  /** A watch is asked to last from the first to the second of these. */
  readonly watchSeconds: readonly [number, number];
  /** How long after the end of its time a watch that the server did not end is given up. */
  readonly graceMs: number;
  /** A watch that ended without events sooner than this counts as failed: reconnecting at once would spin. */
  readonly shortestWatchMs: number;
}

/** client-go's numbers. The short watches spread reconnects over time and move clients between kube-apiservers. */
export const REFLECTOR_TIMING: ReflectorTiming = {
  watchSeconds: [300, 600],
  graceMs: 15_000,
  shortestWatchMs: 1_000,
  initialMs: 800,
  maxMs: 30_000,
  resetAfterMs: 120_000,
};

export interface ReflectorOptions extends Selection, MetadataOnly {
  readonly log?: Logger;
  readonly metrics?: RuntimeMetrics | undefined;
  /** Objects per page of the list: parsing a page is what blocks the event loop longest. @default 500 */
  readonly pageSize?: number;
  /** @default REFLECTOR_TIMING */
  readonly timing?: Partial<ReflectorTiming>;
}

/**
 * Keeps a target in step with what the API has of a kind until the signal is aborted: lists, then watches from the list's
 * version on. Nothing ends it but the signal. After a failure it goes on from the last version it saw, later and later
 * (0.8 to 30 s, with jitter); it lists again where the server no longer has that version (410) or does not serve the kind
 * (404: its CustomResourceDefinition may come, or come back).
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
    pageSize = 500,
  } = options;
  const timing = { ...REFLECTOR_TIMING, ...options.timing };
  const selection = { namespace, labelSelector, fieldSelector, metadataOnly };
  const resource = resourceOf(kind);
  const backoff = createBackoff(timing);
  let resourceVersion: string | undefined;

  async function list(limit: number | undefined): Promise<string> {
    target.begin();
    let token: string | undefined;
    for (;;) {
      const page = await client.list(kind, { ...selection, limit, continue: token, signal });
      target.stage(page.items);
      token = page.metadata.continue;
      if (!token) {
        target.commit();
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
    const started = performance.now();
    let seen = 0;
    const guard = createGuard(signal, timeoutSeconds * 1000 + timing.graceMs);
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
        if (event.type === 'DELETED') target.remove(event.object);
        else if (event.type !== 'BOOKMARK') target.set(event.object);
        resourceVersion = event.object.metadata.resourceVersion;
      }
    } finally {
      guard.clear();
    }
    return seen > 0 || performance.now() - started >= timing.shortestWatchMs;
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
    const wait = backoff.next();
    log.warn(
      { resource, problem: messageOf(problem), retryInMs: Math.round(wait) },
      reason === undefined ? 'watch interrupted' : 'listing again',
    );
    await pause(wait, undefined, { signal }).catch(() => undefined);
  }
}

/** A signal that follows another and also ends by itself: for connections that died without a word. */
function createGuard(outer: AbortSignal, afterMs: number): { readonly signal: AbortSignal; clear(): void } {
  const controller = new AbortController();
  const stop = () => controller.abort(outer.reason);
  const timer = setTimeout(() => controller.abort(new Error('no sign of life from the server')), afterMs);
  outer.addEventListener('abort', stop, { once: true });
  if (outer.aborted) stop();
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      outer.removeEventListener('abort', stop);
    },
  };
}
