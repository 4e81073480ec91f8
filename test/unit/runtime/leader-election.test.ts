import { expect } from 'chai';
import fc from 'fast-check';
import { CONTROLLERS_SETTINGS } from 'optipod/kube';
import {
  NotLeaderError,
  type Term,
  createElectedClient,
  createLeaderElection,
  createMetrics,
  readSettings,
} from '../../../operator/runtime/index.js';
import { type Candidate, LeaseWorld, type Network } from './lease-world.js';

/** With a lease of 3 s, a renew deadline of 2 s and a retry period of 0.5 s. */
const HAND_OVER_MS = 3000 + 1.2 * 500 + 1000;

describe('leader election', () => {
  const stop = () => new AbortController();

  /** Begins to try; the term is there once it leads. */
  function campaign(candidate: Candidate, signal = stop().signal, context = {}) {
    const campaigning: { term?: Term | undefined; ended: boolean } = { ended: false };
    void candidate.acquire(signal, context).then((term) => Object.assign(campaigning, { term, ended: true }));
    return campaigning;
  }

  it('creates the lease, renews it, and counts as client-go does', async () => {
    const world = new LeaseWorld();
    const metrics = createMetrics();
    const one = world.candidate('one', { metrics });
    expect(one.isLeader).to.equal(false);
    expect(one.fence).to.throw(NotLeaderError, 'one is not the leader (ns/lock): it does not hold the lease');
    campaign(one);
    await world.advance(100);
    expect(one.isLeader).to.equal(true);
    one.fence();
    const first = world.lease?.spec;
    expect(first).to.include({ holderIdentity: 'one', leaseDurationSeconds: 3, leaseTransitions: 0 });
    expect(first?.renewTime).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    await world.advance(60_000);
    expect(one.isLeader).to.equal(true);
    expect(world.lease?.spec).to.include({ acquireTime: first?.acquireTime, leaseTransitions: 0 });
    // One request for each renewal: the version is known.
    expect(one.state.requests).to.be.within(110, 130);
    expect(await metrics.registry.metrics()).to.contain('leader_election_master_status{name="lock"} 1');
  });

  it('B-OPR-1 hands over within lease duration + 1.2 × retry period + 1 s when the leader dies', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1500, max: 20_000 }), async (lived) => {
        const world = new LeaseWorld();
        const one = world.candidate('one');
        const two = world.candidate('two');
        campaign(one);
        await world.advance(50);
        campaign(two);
        await world.advance(lived);
        expect([one.isLeader, two.isLeader]).to.deep.equal([true, false]);
        one.freeze();
        await world.advance(HAND_OVER_MS);
        expect([one.isLeader, two.isLeader]).to.deep.equal([false, true]);
        expect(world.lease?.spec).to.include({ holderIdentity: 'two', leaseTransitions: 1 });
      }),
      { numRuns: 50 },
    );
  });

  it('B-OPR-6 gives the lease back at the end of the term, and the next one need not wait for it', async () => {
    const world = new LeaseWorld();
    const one = world.candidate('one');
    const two = world.candidate('two');
    const campaigning = campaign(one);
    await world.advance(50);
    campaign(two);
    await world.advance(5000);
    void campaigning.term?.release();
    // Not for longer than it takes: the other one looks every half second, which may be at any moment.
    for (let ms = 0; ms < 10 && world.lease?.spec?.holderIdentity === 'one'; ms += 1) await world.advance(1);
    expect(one.isLeader).to.equal(false);
    expect(one.fence).to.throw(NotLeaderError);
    expect(world.lease?.spec).to.include({ leaseDurationSeconds: 1 }).and.not.to.have.property('holderIdentity');
    await world.advance(1.2 * 500);
    expect(two.isLeader).to.equal(true);
    expect(world.lease?.spec).to.include({ leaseDurationSeconds: 3, leaseTransitions: 1 });
    expect(campaigning.term?.lost.aborted).to.equal(false);
  });

  it('B-OPR-1 knows by the clock alone, before any timer has run, that it stood still for too long', async () => {
    const world = new LeaseWorld();
    const one = world.candidate('one');
    const campaigning = campaign(one);
    await world.advance(5000);
    one.freeze();
    await world.advance(2001);
    // No timer of it has fired since, and no other candidate has shown up.
    expect(campaigning.term?.lost.aborted).to.equal(false);
    expect(one.fence).to.throw(NotLeaderError, 'the lease was not renewed within 2 s');
    const before = one.state.requests;
    one.thaw();
    await world.advance(10);
    expect(campaigning.term?.lost.reason).to.be.instanceOf(NotLeaderError);
    expect(one.state.requests).to.equal(before);
  });

  it('loses its term at the renew deadline when nothing answers, and at once when another holds the lease', async () => {
    for (const [harm, withinMs, message] of [
      [(_: LeaseWorld, one: Candidate) => (one.state.network = 'cut' as Network), 2000, 'not renewed within 2 s'],
      [(world: LeaseWorld) => world.write({ ...world.lease?.spec, holderIdentity: 'thief' }), 510, 'is held by thief'],
    ] as const) {
      const world = new LeaseWorld();
      const metrics = createMetrics();
      const one = world.candidate('one', { metrics });
      const campaigning = campaign(one);
      await world.advance(5000);
      harm(world, one);
      await world.advance(withinMs);
      expect(one.isLeader).to.equal(false);
      await world.advance(10);
      expect(campaigning.term?.lost.reason).to.be.instanceOf(NotLeaderError).with.property('message').contains(message);
      expect(await metrics.registry.metrics()).to.contain('leader_election_master_status{name="lock"} 0');
      // What is not its own is not given back.
      const kept = world.lease;
      void campaigning.term?.release();
      await world.advance(5000);
      expect(world.lease).to.equal(kept);
    }
  });

  it('goes on when somebody touches the lease, deletes it, or an answer is lost', async () => {
    const world = new LeaseWorld();
    const metrics = createMetrics();
    const one = world.candidate('one', { metrics });
    const campaigning = campaign(one);
    await world.advance(1000);
    world.write(world.lease?.spec);
    await world.advance(1000);
    world.lease = undefined;
    await world.advance(1000);
    expect(world.lease).to.have.nested.property('spec.holderIdentity', 'one');
    one.state.network = 'answers-lost';
    await world.advance(600);
    one.state.network = 'works';
    await world.advance(5000);
    expect([one.isLeader, campaigning.term?.lost.aborted]).to.deep.equal([true, false]);
    expect(await metrics.registry.metrics()).to.match(/leader_election_slowpath_total\{name="lock"\} [2-9]/);
  });

  it('waits as long as the record of another says, and not by its clock', async () => {
    const world = new LeaseWorld();
    const long = { holderIdentity: 'other', leaseDurationSeconds: 60, renewTime: '1999-01-01T00:00:00.000000Z' };
    world.write({ ...long, leaseTransitions: 7 });
    const one = world.candidate('one');
    campaign(one);
    await world.advance(59_000);
    expect(one.isLeader).to.equal(false);
    await world.advance(2000);
    expect(one.isLeader).to.equal(true);
    expect(world.lease?.spec?.leaseTransitions).to.equal(8);
  });

  it('ends without a term when it is told to stop before it leads', async () => {
    const world = new LeaseWorld();
    world.write({ holderIdentity: 'other', leaseDurationSeconds: 60 });
    const ending = stop();
    const campaigning = campaign(world.candidate('one'), ending.signal);
    await world.advance(2000);
    ending.abort();
    await world.advance(10);
    expect(campaigning).to.deep.equal({ term: undefined, ended: true });
  });

  it('refuses times that do not fit each other', () => {
    const client = { close: () => Promise.resolve() } as never;
    const create = (times: object) => () => createLeaderElection({ client, namespace: 'ns', name: 'lock', ...times });
    expect(create({ leaseDurationMs: 10_000 })).to.throw(
      'leaseDurationMs is 10000 ms; it must be greater than renewDeadlineMs',
    );
    expect(create({ renewDeadlineMs: 2400 })).to.throw('renewDeadlineMs is 2400 ms; it must be greater than 1.2 times');
    expect(create({ retryPeriodMs: 0 })).to.throw('retryPeriodMs is 0 ms; it must be greater than 0');
  });

  it('B-OPR-4 refuses settings that do not fit each other by the names of the settings', () => {
    const config = {
      server: 'https://nowhere',
      namespace: 'ns',
      tls: {},
      authorization: () => Promise.resolve(undefined),
    };
    const create = (...argv: string[]) => {
      const settings = readSettings(CONTROLLERS_SETTINGS, { env: {}, argv });
      return () => createElectedClient(config, settings, { name: 'lock' });
    };
    expect(create('--leader-elect-lease-duration=5s')).to.throw(
      'leaderElectLeaseDuration is 5000 ms; it must be greater than leaderElectRenewDeadline (10000 ms)',
    );
    expect(create('--leader-elect-renew-deadline=2s')).to.throw('leaderElectRenewDeadline is 2000 ms');
    expect(create('--leader-elect-retry-period=0s')).to.throw('leaderElectRetryPeriod is 0 ms');
    expect(create('--leader-elect-retry-period=0s', '--leader-elect=false')).not.to.throw();
  });

  type Step = readonly [who: number, what: Network | 'freeze' | 'thaw' | 'release', forMs: number];
  const steps: fc.Arbitrary<Step[]> = fc.array(
    fc.tuple(
      fc.nat(2),
      fc.constantFrom('works', 'slow', 'cut', 'answers-lost', 'freeze', 'thaw', 'release'),
      fc.nat(4000),
    ),
    { maxLength: 12 },
  );

  it('never has two leaders at one instant, whatever stands still, is cut off or slow; and one leads after the quiet', async function () {
    this.timeout(0);
    await fc.assert(
      fc.asyncProperty(steps, async (happening) => {
        const world = new LeaseWorld();
        const candidates = ['one', 'two', 'three'].map((name) => world.candidate(name));
        const ending = stop();
        const terms = new Map<Candidate, Term>();
        for (const candidate of candidates) {
          void (async () => {
            for (;;) {
              const term = await candidate.acquire(ending.signal);
              if (!term) return;
              terms.set(candidate, term);
              while (candidate.isLeader && !term.lost.aborted) await world.pause(100);
            }
          })();
        }
        // After everything that happens: an assertion for each costs more than all the rest.
        const law = () => {
          const leaders = candidates.filter(({ isLeader }) => isLeader);
          if (leaders.length > 1) expect.fail(`leaders: ${leaders.map(({ identity }) => identity).join(', ')}`);
        };
        for (const [who, what, forMs] of happening) {
          const candidate = candidates[who];
          if (!candidate) continue;
          if (what === 'freeze') candidate.freeze();
          else if (what === 'thaw') candidate.thaw();
          else if (what === 'release') void terms.get(candidate)?.release();
          else candidate.state.network = what;
          await world.advance(forMs, law);
        }
        for (const candidate of candidates) {
          candidate.thaw();
          candidate.state.network = 'works';
        }
        await world.advance(3 * HAND_OVER_MS, law);
        expect(candidates.filter(({ isLeader }) => isLeader)).to.have.length(1);
        ending.abort();
      }),
      // A run is thirty seconds of three processes.
      { numRuns: Math.min(fc.readConfigureGlobal().numRuns ?? 50, 2000) },
    );
  });
});
