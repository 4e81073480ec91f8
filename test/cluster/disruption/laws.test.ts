import { expect } from 'chai';
import { needlessRestarts, overdrawn } from './laws.js';
import type { Disruption } from './ledger.js';
import type { Version } from './witness.js';

const MINUTE = 60_000;

function version(said: string | undefined, restartedAt?: string): Version {
  return { workload: 'shop/web', uid: 'web', said, policy: 'shop/all', restartedAt, obstacle: undefined, seenAt: 0 };
}

function restart(restartedAt: string): Disruption {
  return { at: 0, namespace: 'shop', workload: 'shop/web', restartedAt };
}

describe('what is held against OptiPod in a run of random events', () => {
  it('B-APP-5 a second restart for the same recommendation, one for none, one during a rollout, and one that nobody saw', () => {
    const once = [version(undefined), version('a'), version('a', '1'), version('b', '1'), version('b', '2')];
    expect(needlessRestarts(once, [restart('1'), restart('2')])).to.deep.equal([]);
    const twice = [...once, version('b', '3')];
    expect(needlessRestarts(twice, [restart('1'), restart('2'), restart('3')])).to.deep.equal([
      'shop/web was restarted 2 times for b',
    ]);
    // Another person's is not OptiPod's; nor is what somebody goes back to.
    expect(needlessRestarts([...twice, version('b', '2')], [restart('1'), restart('2')])).to.deep.equal([]);
    expect(needlessRestarts([version(undefined), version(undefined, '1')], [restart('1')])).to.deep.equal([
      'shop/web was restarted at 1 for nothing',
    ]);
    expect(
      needlessRestarts([{ ...version('a'), obstacle: 'RolloutInProgress' }, version('a', '1')], [restart('1')]),
    ).to.deep.equal(['shop/web was restarted at 1 under RolloutInProgress']);
    expect(needlessRestarts([version('a')], [restart('1')])).to.deep.equal(['nobody saw the restart shop/web 1']);
  });

  it('B-APP-10 more than a span brings, more than an hour has, and more than there can be at the beginning', () => {
    const begun = -24 * 60 * MINUTE;
    const times = (count: number, everyMs: number) => Array.from({ length: count }, (_, index) => index * everyMs);
    expect(overdrawn(times(10, 0), 60, begun)).to.equal(undefined);
    expect(overdrawn(times(11, 0), 60, begun)).to.equal('11 within 0 ms');
    expect(overdrawn(times(60, MINUTE), 60, begun)).to.equal(undefined);
    expect(overdrawn([...times(10, 0), ...times(60, MINUTE).slice(1)], 60, begun)).to.match(/^61 within \d+ ms$/);
    expect(overdrawn(times(5, 0), 60, -MINUTE)).to.equal('2 within 60000 ms of the beginning');
  });
});
