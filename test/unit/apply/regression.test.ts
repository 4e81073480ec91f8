import { expect } from 'chai';
import fc from 'fast-check';
import {
  isProven,
  podHealth,
  regressionOf,
  type PodHealth,
  type RegressionInput,
  type WatchedPod,
} from 'optipod/lib/apply';
import { formatInstant } from 'optipod/lib/recommend';
import { rolledOut } from '../../support/rolled-out.js';

const CHANGED = Date.parse('2026-01-02T12:00:00Z') / 1000;
const MINUTE = 60;
const WINDOW = 30 * MINUTE;
const WELL: PodHealth = { troubles: [] };

const rollout = (available: number, failed = false) => ({ ...rolledOut(3), available, failed });

const pod = (health: Partial<PodHealth>, over: Partial<WatchedPod> = {}): WatchedPod => ({
  name: 'web-1',
  createdAt: CHANGED + MINUTE,
  carries: true,
  health: { ...WELL, ...health },
  ...over,
});

const killed = (minutes: number, container = 'app'): PodHealth => ({
  troubles: [{ container, what: 'OOMKilled', at: CHANGED + minutes * MINUTE }],
});

/** Ten minutes after the change, all three pods available unless told otherwise. */
const input = (pods: readonly WatchedPod[], over: Partial<RegressionInput> = {}): RegressionInput => ({
  change: { at: formatInstant(CHANGED), content: 'same', available: 3 },
  appliedAt: undefined,
  changed: new Map([['app', new Set(['cpu', 'memory'] as const)]]),
  pods,
  workload: { content: 'same', replicas: 3, rollout: rollout(3) },
  window: WINDOW,
  now: CHANGED + 10 * MINUTE,
  ...over,
});
const blamed = (pods: readonly WatchedPod[], over: Partial<RegressionInput> = {}) =>
  regressionOf(input(pods, over))?.what;
const changeWith = (over: object) => ({
  change: { at: formatInstant(CHANGED), content: 'same', available: 3, ...over },
});

describe('a regression', () => {
  it('B-APP-11 is an OOM kill or a crash loop in a pod that has other resources', () => {
    expect(regressionOf(input([pod(killed(5))]))).to.deep.equal({
      what: 'OOMKilled',
      message: 'container app was killed for want of memory in pod web-1, which had other resources',
    });
    const crashing: PodHealth = {
      troubles: [{ container: 'app', what: 'CrashLoopBackOff', at: CHANGED + 5 * MINUTE }],
    };
    expect(blamed([pod(crashing)])).to.equal('CrashLoopBackOff');
  });

  it('B-APP-11 B-REC-5 is no OOM kill where memory is what it was: more of it helps, which a hold would keep away', () => {
    const changed = new Map([['app', new Set(['cpu'] as const)]]);
    expect(blamed([pod(killed(5))], { changed })).to.equal(undefined);
    const crashing: PodHealth = {
      troubles: [{ container: 'app', what: 'CrashLoopBackOff', at: CHANGED + 5 * MINUTE }],
    };
    expect(blamed([pod(crashing)], { changed })).to.equal('CrashLoopBackOff');
  });

  it('B-APP-11 is readiness lost for minutes, with fewer pods available than before', () => {
    const lost = pod({ unreadySince: CHANGED + 2 * MINUTE });
    const two = { workload: { content: 'same', replicas: 3, rollout: rollout(2) } };
    expect(blamed([lost], two)).to.equal('NotReady');
    expect(blamed([lost], { ...two, now: CHANGED + 6 * MINUTE })).to.equal(undefined);
    expect(blamed([lost])).to.equal(undefined);
    expect(blamed([lost], { ...two, ...changeWith({ available: 2 }) })).to.equal(undefined);
    expect(blamed([lost], { workload: { content: 'same', replicas: 2, rollout: rollout(2) } })).to.equal(undefined);
  });

  it('B-APP-11 is a rollout that failed, unless it had failed before', () => {
    const lost = pod({ unreadySince: CHANGED + 8 * MINUTE });
    const failed = { workload: { content: 'same', replicas: 3, rollout: rollout(3, true) } };
    expect(blamed([lost], failed)).to.equal('RolloutFailed');
    expect(blamed([lost], { ...failed, ...changeWith({ failed: true }) })).to.equal(undefined);
    expect(blamed([pod({})], failed)).to.equal(undefined);
  });

  it('B-APP-11 of a pod resized in place counts from when that was', () => {
    const old = { createdAt: CHANGED - 3600 };
    expect(blamed([pod(killed(5), old)])).to.equal(undefined);
    expect(blamed([pod(killed(5), old)], { appliedAt: CHANGED + MINUTE })).to.equal('OOMKilled');
    const resized = { ...old, resizedAt: CHANGED + MINUTE };
    expect(blamed([pod(killed(0), resized)], { appliedAt: CHANGED + MINUTE })).to.equal(undefined);
    expect(blamed([pod(killed(5), old)], { appliedAt: CHANGED - 60 })).to.equal(undefined);
  });

  it('B-APP-11 of a pod resized in place is blamed on the change also where another one is resized later', () => {
    const old = { createdAt: CHANGED - 3600, resizedAt: CHANGED + 5 };
    const lost = pod({ unreadySince: CHANGED + 20 }, old);
    const other = pod({}, { ...old, name: 'web-2', resizedAt: CHANGED + 4 * MINUTE });
    const late = { appliedAt: CHANGED + 4 * MINUTE, workload: { content: 'same', replicas: 3, rollout: rollout(2) } };
    expect(blamed([lost, other], late)).to.equal('NotReady');
    expect(blamed([pod(killed(1), old), other], late)).to.equal('OOMKilled');
    // What it suffered before its own turn is not the change's.
    expect(blamed([pod(killed(1), { ...old, resizedAt: CHANGED + 2 * MINUTE }), other], late)).to.equal(undefined);
    // Nor is the change proven before the last one had it for long enough.
    const now = { appliedAt: CHANGED + 4 * MINUTE, now: CHANGED + 32 * MINUTE };
    expect(isProven(input([other, pod({}, old)], now))).to.equal(false);
    expect(isProven(input([other], { ...now, now: CHANGED + 35 * MINUTE }))).to.equal(true);
  });

  it('B-APP-11 only what changed is blamed', () => {
    expect(blamed([pod(killed(5))], { change: undefined }), 'no change').to.equal(undefined);
    expect(blamed([pod(killed(5))], changeWith({ troubled: ['app'] })), 'in trouble before').to.equal(undefined);
    expect(blamed([pod(killed(5), { carries: false })]), 'a pod without it').to.equal(undefined);
    const other = pod(killed(-600), { carries: false });
    expect(blamed([pod(killed(5)), other]), 'pods without it as well').to.equal(undefined);
    expect(blamed([pod(killed(5, 'side'))]), 'a container left alone').to.equal(undefined);
    expect(blamed([pod(killed(5))], changeWith({ proven: true })), 'proven').to.equal(undefined);
    expect(blamed([pod(killed(40))], { now: CHANGED + 41 * MINUTE }), 'long after').to.equal(undefined);
    const edited = { workload: { content: 'other', replicas: 3, rollout: rollout(3) } };
    expect(blamed([pod(killed(5))], edited), 'edited by its author since').to.equal(undefined);
  });

  it('B-APP-11 a change is proven by a pod that did well with it for as long as it is watched', () => {
    const later = { now: CHANGED + 40 * MINUTE };
    expect(isProven(input([pod({})], later))).to.equal(true);
    expect(isProven(input([pod({})]))).to.equal(false);
    expect(isProven(input([pod({}, { carries: false })], later))).to.equal(false);
    expect(isProven(input([pod(killed(35))], later))).to.equal(false);
    expect(isProven(input([pod({ unreadySince: CHANGED })], later))).to.equal(false);
  });

  it('B-APP-11 never blames without a change of that container in that pod, whatever else goes wrong', () => {
    const minutes = fc.integer({ min: -60, max: 60 });
    const trouble = fc.record({
      container: fc.constantFrom('app', 'side'),
      what: fc.constantFrom('OOMKilled' as const, 'CrashLoopBackOff' as const),
      at: minutes.map((m) => CHANGED + m * MINUTE),
    });
    const anyPod = fc.record({
      name: fc.constantFrom('web-1', 'web-2'),
      createdAt: minutes.map((m) => CHANGED + m * MINUTE),
      carries: fc.boolean(),
      health: fc.record(
        { unreadySince: minutes.map((m) => CHANGED + m * MINUTE), troubles: fc.array(trouble, { maxLength: 2 }) },
        { requiredKeys: ['troubles'] },
      ),
    });
    const world = fc.record({
      pods: fc.array(anyPod, { maxLength: 4 }),
      changed: fc.subarray(['app', 'side']),
      troubled: fc.subarray(['app', 'side']),
      now: minutes.map((m) => CHANGED + m * MINUTE),
      available: fc.integer({ min: 0, max: 3 }),
      failed: fc.boolean(),
    });
    let found = 0;
    fc.assert(
      fc.property(world, ({ pods, changed, troubled, now, available, failed }) => {
        const regression = regressionOf(
          input(pods, {
            ...changeWith({ troubled }),
            changed: new Map(changed.map((name) => [name, new Set(['memory'] as const)])),
            workload: { content: 'same', replicas: 3, rollout: rollout(available, failed) },
            now,
          }),
        );
        if (!regression) return;
        found += 1;
        const newborn = pods.filter(({ carries, createdAt }) => carries && createdAt >= CHANGED);
        if (regression.what === 'OOMKilled' || regression.what === 'CrashLoopBackOff') {
          const guilty = newborn.flatMap(({ createdAt, health }) =>
            health.troubles.filter(({ what, at }) => what === regression.what && at >= createdAt),
          );
          expect(guilty.some(({ container }) => changed.includes(container) && !troubled.includes(container))).to.equal(
            true,
          );
        } else expect(newborn.some(({ health }) => health.unreadySince !== undefined)).to.equal(true);
      }),
      { numRuns: 3000 },
    );
    expect(found).to.be.above(50);
  });
});

describe('how a pod is', () => {
  const metadata = { name: 'web-1', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-02T12:00:00Z' };
  const health = (status: NonNullable<Parameters<typeof podHealth>[0]['status']>) =>
    podHealth({ metadata, spec: { containers: [{ name: 'app' }] }, status });
  const condition = (status: string) => [{ type: 'Ready', status, lastTransitionTime: '2026-01-02T12:03:00Z' }];

  it('B-APP-11 is read from its conditions: not ready since, and unknown to its node', () => {
    expect(health({ conditions: condition('True') })).to.deep.equal(WELL);
    expect(health({ conditions: condition('Unknown') })).to.deep.equal(WELL);
    expect(health({ conditions: condition('False') }).unreadySince).to.equal(CHANGED + 3 * MINUTE);
    expect(health({}).unreadySince).to.equal(CHANGED);
  });

  it('B-APP-11 is read from its containers: killed, or crashing again and again', () => {
    const terminated = (reason: string) => ({ terminated: { reason, finishedAt: '2026-01-02T12:05:00Z' } });
    const at = CHANGED + 5 * MINUTE;
    const waiting = { waiting: { reason: 'CrashLoopBackOff' } };
    const troubles = (status: object) =>
      health({ conditions: condition('True'), containerStatuses: [{ name: 'app', ...status }] }).troubles;
    expect(troubles({ lastState: terminated('OOMKilled') })).to.deep.equal([
      { container: 'app', what: 'OOMKilled', at },
    ]);
    expect(troubles({ state: waiting, lastState: terminated('Error') })).to.deep.equal([
      { container: 'app', what: 'CrashLoopBackOff', at },
    ]);
    expect(troubles({ lastState: terminated('Completed') })).to.deep.equal([]);
    expect(troubles({ state: { waiting: { reason: 'ImagePullBackOff' } } })).to.deep.equal([]);
  });
});
