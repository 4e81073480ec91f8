import type { LeaseObject, LeaseSpec } from 'optipod/kube';
import type { Clock } from './clock.js';
import { isConflict, isNotFound } from './errors.js';
import { type LeaseLock, microTime } from './lease.js';

export interface LeaseCandidateOptions {
  readonly lock: LeaseLock;
  readonly identity: string;
  readonly leaseDurationSeconds: number;
  readonly clock: Clock;
  /** The lease was seen in other hands than before; empty where it is nobody's. */
  readonly onHolder: (holder: string) => void;
  /** The holder's lease was not as the holder knew it. */
  readonly onSurprise: () => void;
}

/** One who wants a Lease, or has it: client-go's tryAcquireOrRenew, and what it remembers between two tries. */
export interface LeaseCandidate {
  /** Who has it, as last seen; empty where nobody has. */
  readonly holder: string;
  /** When the last write was sent, by the clock, of which it is confirmed that it made or kept the lease this one's. */
  readonly confirmed: number;
  /** In how long the lease may be taken from another, as far as it has been seen. */
  expiresInMs(): number;
  /**
   * Takes the lease, or renews it.
   * @param holding whether it is this one's, as far as is known: then it is not taken from another, whoever that is
   * @param by until when, by the clock, there may be an answer
   * @returns whether it is this one's now. @throws what the client throws; `isConflict` where another was faster
   */
  takeOrRenew(holding: boolean, by: number): Promise<boolean>;
  /** Gives it back, where it is as last seen. */
  giveBack(by: number): Promise<void>;
}

export function createLeaseCandidate(options: LeaseCandidateOptions): LeaseCandidate {
  const { lock, identity, leaseDurationSeconds, clock, onHolder, onSurprise } = options;
  /** The record as last seen, and when it was first seen so: other machines' clocks are not asked. */
  let observed: { readonly lease: LeaseObject; readonly at: number } | undefined;
  let confirmed = Number.NEGATIVE_INFINITY;
  let writes = 0;

  const stamp = () => microTime(new Date(), (writes += 1));
  const within = (by: number) => Math.max(1, by - clock.now());

  function observe(lease: LeaseObject): void {
    const isSame = observed && JSON.stringify(observed.lease.spec) === JSON.stringify(lease.spec);
    const before = candidate.holder;
    observed = { lease, at: isSame && observed ? observed.at : clock.now() };
    if (candidate.holder !== before) onHolder(candidate.holder);
  }

  function record(previous: LeaseSpec | undefined): LeaseSpec {
    const renewTime = stamp();
    const mine = previous?.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds,
      acquireTime: (mine ? previous.acquireTime : undefined) ?? renewTime,
      renewTime,
      leaseTransitions: previous ? (previous.leaseTransitions ?? 0) + (mine ? 0 : 1) : 0,
    };
  }

  async function write(known: LeaseObject | undefined, by: number): Promise<true> {
    const sent = clock.now();
    const spec = record(known?.spec);
    observe(await (known ? lock.write(known, spec, within(by)) : lock.create(spec, within(by))));
    confirmed = sent;
    return true;
  }

  const candidate: LeaseCandidate = {
    get holder() {
      return observed?.lease.spec?.holderIdentity ?? '';
    },
    get confirmed() {
      return confirmed;
    },

    expiresInMs() {
      if (!observed) return Number.POSITIVE_INFINITY;
      return observed.at + (observed.lease.spec?.leaseDurationSeconds ?? leaseDurationSeconds) * 1000 - clock.now();
    },

    async takeOrRenew(holding, by) {
      if (holding && observed) {
        try {
          return await write(observed.lease, by);
        } catch (error) {
          // Somebody annotated it, or an answer was lost on the way: look, and go on from there.
          if (!isConflict(error) && !isNotFound(error)) throw error;
          onSurprise();
        }
      }
      const lease = await lock.read(within(by));
      if (!lease) return write(undefined, by);
      observe(lease);
      const { holder } = candidate;
      const isTaken = holder !== '' && holder !== identity && (holding || candidate.expiresInMs() > 0);
      return isTaken ? false : write(lease, by);
    },

    async giveBack(by) {
      if (!observed) return;
      const at = stamp();
      // client-go's: without a holder nobody waits, and whoever ignores that waits a second.
      const spec = { holderIdentity: null, leaseDurationSeconds: 1, acquireTime: at, renewTime: at };
      await lock.write(observed.lease, spec, within(by));
    },
  };
  return candidate;
}
