import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { checkElectionTimes, ELECTION_JITTER } from 'optipod/kube';
import type { KubeClient } from './client.js';
import { type Clock, pause, systemClock } from './clock.js';
import type { RunContext } from './component.js';
import { isAlreadyExists, isConflict, messageOf } from './errors.js';
import { createLeaseCandidate } from './lease-candidate.js';
import { createLeaseLock } from './lease.js';
import { type Logger, silentLogger } from './log.js';
import type { RuntimeMetrics } from './metrics.js';

/** Only the leader may do this, and this process does not lead, or can no longer be sure that it does. */
export class NotLeaderError extends Error {
  override readonly name = 'NotLeaderError';
}

export interface LeaderElectionOptions {
  /** Its writes must not be fenced, so it is another one than the controllers'. Closed with the election. */
  readonly client: Pick<KubeClient, 'get' | 'create' | 'patch' | 'close'>;
  readonly namespace: string;
  /** Of the Lease; also the `name` label of the metrics. */
  readonly name: string;
  /** Unique among all candidates. @default the host's name (a pod's own) and a random part */
  readonly identity?: string;
  /** How long the others wait since they last saw a renewal before one of them takes over. @default 15 000 */
  readonly leaseDurationMs?: number;
  /** How long the leader may act since the last renewal that was confirmed. @default 10 000 */
  readonly renewDeadlineMs?: number;
  /** The pause between two tries; of a candidate, up to 1.2 times as long. @default 2 000 */
  readonly retryPeriodMs?: number;
  /** @default the manager's */
  readonly log?: Logger;
  /** @default the manager's */
  readonly metrics?: RuntimeMetrics;
  /** Must never go back, and go on while the process stands still. @default the system's */
  readonly clock?: Clock;
}

/** One replica among several that leads: by a Lease, as client-go's leader election, with which it can share one. */
export interface LeaderElection {
  readonly identity: string;
  /** Whether this process leads, for sure and now. */
  readonly isLeader: boolean;
  /**
   * Throws unless this process leads. It asks the clock and not a timer, so it is right also in a process that stood still.
   * To be a client's `beforeWrite`: then no write of that client starts after the renew deadline. Bound: can be passed on.
   * @throws NotLeaderError
   */
  readonly fence: () => void;
  /** Tries until this process leads; undefined where the signal was aborted before. May be called again after a term. */
  acquire(signal: AbortSignal, context?: Partial<RunContext>): Promise<Term | undefined>;
  close(): Promise<void>;
}

/** The time for which a process leads. The lease is renewed until the term is lost or released. */
export interface Term {
  /** Aborted, with a `NotLeaderError` as its reason, when the lease was not renewed in time or is another's. */
  readonly lost: AbortSignal;
  /** Ends the term, and gives the lease back, so that the next one need not wait. Only when nothing is under way any more. */
  release(): Promise<void>;
  /** Ends the term: this process writes no more, and others may when the lease has run out. */
  resign(): Promise<void>;
}

/** @throws RangeError for times that do not fit each other */
export function createLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const { client, namespace, name, identity = `${hostname()}_${randomUUID()}`, clock = systemClock } = options;
  const { leaseDurationMs = 15_000, renewDeadlineMs = 10_000, retryPeriodMs = 2_000 } = options;
  checkElectionTimes({ leaseDurationMs, renewDeadlineMs, retryPeriodMs });
  const now = () => clock.now();
  let log = options.log ?? silentLogger;
  let metrics = options.metrics;
  let leading = false;
  const candidate = createLeaseCandidate({
    lock: createLeaseLock({ client, namespace, name }),
    identity,
    leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
    clock,
    onHolder: (leader) => log.info({ lease: name, leader }, 'the lease changed hands'),
    onSurprise: () => metrics?.leaderSlowpath.inc({ name }),
  });

  const leftMs = () => candidate.confirmed + renewDeadlineMs - now();
  const leads = () => leading && leftMs() > 0;

  async function acquire(signal: AbortSignal, context: Partial<RunContext> = {}): Promise<Term | undefined> {
    log = options.log ?? context.log ?? silentLogger;
    metrics = options.metrics ?? context.metrics;
    metrics?.leaderStatus.set({ name }, 0);
    while (!signal.aborted) {
      try {
        // Not cut short by the signal: whether a write was done that nobody waited for would be unknown.
        if (await candidate.takeOrRenew(false, now() + renewDeadlineMs / 2)) {
          leading = true;
          if (leads()) return begin();
          leading = false;
        }
      } catch (error) {
        // Another candidate was faster.
        if (!isConflict(error) && !isAlreadyExists(error)) {
          log.warn({ lease: name, problem: messageOf(error) }, 'the lease could not be acquired');
        }
      }
      const turn = retryPeriodMs * (1 + (ELECTION_JITTER - 1) * Math.random());
      // When the lease of one that died ends is known: it is not overslept.
      const end = candidate.expiresInMs();
      await pause(clock, end > 0 ? Math.min(turn, end) : turn, signal);
    }
    return undefined;
  }

  function begin(): Term {
    const lost = new AbortController();
    const stop = new AbortController();
    log.info({ lease: name, identity }, 'leading');
    metrics?.leaderStatus.set({ name }, 1);

    function end(): void {
      leading = false;
      metrics?.leaderStatus.set({ name }, 0);
    }

    function lose(why: string): void {
      end();
      lost.abort(new NotLeaderError(`the leadership is lost: the lease ${namespace}/${name} ${why}`));
    }

    async function renew(): Promise<void> {
      for (let turn = now() + retryPeriodMs; ; turn = Math.max(now(), turn + retryPeriodMs)) {
        await pause(clock, Math.max(0, Math.min(turn - now(), leftMs())), stop.signal);
        if (stop.signal.aborted) return;
        // After standing still the first timer to fire may be this one.
        if (leftMs() <= 0) {
          lose(`was not renewed within ${renewDeadlineMs / 1000} s`);
          return;
        }
        try {
          if (await candidate.takeOrRenew(true, now() + Math.min(renewDeadlineMs / 2, leftMs()))) continue;
          lose(`is held by ${candidate.holder}`);
          return;
        } catch (error) {
          log.warn(
            { lease: name, problem: messageOf(error), leftMs: Math.round(leftMs()) },
            'the lease was not renewed',
          );
        }
      }
    }

    const renewing = renew();
    /** @returns whether the lease is this process's still */
    async function resign(): Promise<boolean> {
      stop.abort();
      await renewing;
      const mine = leads();
      end();
      return mine;
    }

    return {
      lost: lost.signal,
      async resign() {
        await resign();
      },
      async release() {
        if (!(await resign())) return;
        try {
          await candidate.giveBack(now() + renewDeadlineMs / 2);
          log.info({ lease: name }, 'the lease is given back');
        } catch (error) {
          log.warn({ lease: name, problem: messageOf(error) }, 'the lease was not given back');
        }
      },
    };
  }

  return {
    identity,
    get isLeader() {
      return leads();
    },
    fence() {
      if (leads()) return;
      const why = leading
        ? `the lease was not renewed within ${renewDeadlineMs / 1000} s`
        : 'it does not hold the lease';
      throw new NotLeaderError(`${identity} is not the leader (${namespace}/${name}): ${why}`);
    },
    acquire,
    close: () => client.close(),
  };
}
