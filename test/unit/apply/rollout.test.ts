import { expect } from 'chai';
import fc from 'fast-check';
import { rolloutObstacle, type RollingWorkload, type Rollout } from 'optipod/lib/apply';
import { rolledOut } from '../../support/rolled-out.js';

const DONE = rolledOut(3);

const reason = (over: Partial<Rollout>, more: Partial<RollingWorkload> = {}, singleReplica = false) =>
  rolloutObstacle({ kind: 'Deployment', replicas: 3, rollout: { ...DONE, ...over }, ...more }, { singleReplica })
    ?.reason;

describe('the rollout of a workload', () => {
  it('B-APP-10 that is done stands in nobody’s way', () => {
    expect(reason({})).to.equal(undefined);
  });

  it('B-APP-10 paused, failed, OnDelete, partitioned: nothing is replaced', () => {
    expect(reason({ paused: true })).to.equal('RolloutPaused');
    expect(reason({ failed: true })).to.equal('RolloutFailed');
    expect(reason({ type: 'OnDelete' })).to.equal('OnDelete');
    expect(reason({ partition: 1 }, { kind: 'StatefulSet' })).to.equal('Partitioned');
  });

  it('B-APP-10 not fully rolled out: not seen, old pods left, too many, too few, not available, another revision', () => {
    for (const over of [
      { isObserved: false },
      { updated: 2 },
      { pods: 4, updated: 4, available: 4 },
      { pods: 2, updated: 2, available: 2 },
      { available: 2 },
      { isCurrent: false },
    ]) {
      expect(reason(over), JSON.stringify(over)).to.equal('RolloutInProgress');
    }
  });

  it('B-APP-10 a single replica only where the setting allows it; none at all is nobody’s loss', () => {
    const single = { pods: 1, updated: 1, available: 1 };
    expect(reason(single, { replicas: 1 })).to.equal('SingleReplica');
    expect(reason(single, { replicas: 1 }, true)).to.equal(undefined);
    expect(reason({ pods: 0, updated: 0, available: 0 }, { replicas: 0 })).to.equal(undefined);
  });

  it('B-APP-10 whatever its state, pods are replaced only where all there should be are new and available', () => {
    const count = fc.integer({ min: 0, max: 3 });
    const rollout = fc.record({
      type: fc.constantFrom('RollingUpdate', 'Recreate', 'OnDelete'),
      paused: fc.boolean(),
      partition: count,
      isObserved: fc.boolean(),
      pods: count,
      updated: count,
      available: count,
      isCurrent: fc.boolean(),
      failed: fc.boolean(),
    });
    fc.assert(
      fc.property(rollout, count, fc.boolean(), (state, replicas, singleReplica) => {
        if (rolloutObstacle({ kind: 'StatefulSet', replicas, rollout: state }, { singleReplica })) return;
        const { pods, updated, available } = state;
        expect(pods).to.equal(replicas);
        expect(Math.min(updated, available)).to.be.at.least(replicas);
        expect(state).to.include({ paused: false, partition: 0, isObserved: true, isCurrent: true, failed: false });
        expect(state.type).not.to.equal('OnDelete');
        if (!singleReplica) expect(replicas).not.to.equal(1);
      }),
      { numRuns: 2000 },
    );
  });
});
