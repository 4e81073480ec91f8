import { setImmediate as turn } from 'node:timers/promises';
import type { LeaseObject, LeaseSpec } from 'optipod/kube';
import {
  ApiError,
  type Clock,
  ConnectionError,
  type LeaderElectionOptions,
  createLeaderElection,
} from '../../../operator/runtime/index.js';

/** What becomes of a candidate's requests from now on. */
export type Network = 'works' | 'slow' | 'cut' | 'answers-lost';

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** Candidates for one Lease, in a time of their own that passes when the test says so. */
export class LeaseWorld {
  #now = 0;
  #version = 0;
  readonly #timers = new Set<Timer>();
  lease: LeaseObject | undefined;

  /** Time passes, and what is due happens, in order. @param each is called after everything that happens */
  async advance(ms: number, each: () => void = () => undefined): Promise<void> {
    const end = this.#now + ms;
    await turn();
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      each();
      next.fire();
      await turn();
      each();
    }
    this.#now = end;
    each();
  }

  #after(ms: number, fire: () => void): () => void {
    const timer = { at: this.#now + ms, fire };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#after(ms, resolve));
  }

  /** Somebody else's write of the Lease. */
  write(spec: LeaseSpec | undefined, uid = this.lease?.metadata.uid ?? `uid-${this.#version}`): LeaseObject {
    this.#version += 1;
    const metadata = {
      name: 'lock',
      namespace: 'ns',
      uid,
      resourceVersion: String(this.#version),
      creationTimestamp: '',
    };
    this.lease = { metadata, ...(spec ? { spec } : {}) };
    return this.lease;
  }

  candidate(identity: string, options: Partial<LeaderElectionOptions> = {}) {
    const held: (() => void)[] = [];
    const state = { network: 'works' as Network, frozen: false, requests: 0 };

    // Timers of a process that stands still fire when it goes on; its clock goes on all the while.
    const whenAwake = (act: () => void) => {
      if (state.frozen) held.push(act);
      else act();
    };
    const clock: Clock = {
      now: () => this.#now,
      after: (ms, fire) => this.#after(ms, () => whenAwake(fire)),
    };

    const call = <T>(work: () => T, timeoutMs = 30_000): Promise<T> => {
      state.requests += 1;
      const { network } = state;
      const [there, back] = network === 'slow' ? [400, 400] : [1, 1];
      const answer = (async () => {
        await this.pause(there);
        if (network === 'cut') return new Promise<never>(() => undefined);
        const result = work();
        await this.pause(back);
        if (network === 'answers-lost') return new Promise<never>(() => undefined);
        return result;
      })();
      answer.catch(() => undefined);
      return new Promise<T>((resolve, reject) => {
        clock.after(timeoutMs, () => reject(new ConnectionError('lease', 'no answer')));
        answer.then(
          (value) => whenAwake(() => resolve(value)),
          (error: unknown) => whenAwake(() => reject(error instanceof Error ? error : new Error(String(error)))),
        );
      });
    };

    const refuse = (code: number, reason: string) => {
      throw new ApiError('lease', code, { kind: 'Status', reason });
    };
    const client = {
      get: (_kind: unknown, _ref: unknown, { timeoutMs }: { timeoutMs?: number | undefined } = {}) =>
        call(() => this.lease ?? refuse(404, 'NotFound'), timeoutMs),
      create: (_kind: unknown, object: object, { timeoutMs }: { timeoutMs?: number | undefined } = {}) =>
        call(() => (this.lease ? refuse(409, 'AlreadyExists') : this.write((object as LeaseObject).spec)), timeoutMs),
      patch: (_kind: unknown, _ref: unknown, body: unknown, { timeoutMs }: { timeoutMs?: number | undefined }) =>
        call(() => {
          const { metadata, spec } = body as LeaseObject;
          if (!this.lease) return refuse(404, 'NotFound');
          const now = this.lease.metadata;
          if (now.resourceVersion !== metadata.resourceVersion || now.uid !== metadata.uid) refuse(409, 'Conflict');
          const merged = Object.entries({ ...this.lease.spec, ...spec }).filter(([, value]) => value !== null);
          return this.write(Object.fromEntries(merged));
        }, timeoutMs),
      close: () => Promise.resolve(),
    };
    const election = createLeaderElection({
      // Leases are all it is asked for.
      client: client as unknown as LeaderElectionOptions['client'],
      namespace: 'ns',
      name: 'lock',
      identity,
      clock,
      leaseDurationMs: 3000,
      renewDeadlineMs: 2000,
      retryPeriodMs: 500,
      ...options,
    });
    return Object.assign(election, {
      state,
      freeze: () => void (state.frozen = true),
      /** What was due meanwhile happens, in the order in which it was due. */
      thaw() {
        state.frozen = false;
        for (const act of held.splice(0)) act();
      },
    });
  }
}

export type Candidate = ReturnType<LeaseWorld['candidate']>;
